package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import java.util.List;

/** What a router wants done. */
sealed interface Effect {
  /** Send it, after what was sent to that neighbour before. */
  record Send(PeerId to, Rpc rpc) implements Effect {}

  /** Of what waits for that neighbour, drop these messages: it has them. */
  record Withdraw(PeerId to, List<ByteString> ids) implements Effect {}

  /** Check its signature and ask the application; the answer is {@code onJudged}. */
  record Validate(Message message) implements Effect {}

  /** Give it to the application. */
  record Deliver(Message message) implements Effect {}

  /** A neighbour subscribed to a topic of this node. */
  record Subscribed(String topic) implements Effect {}

  /** Connect with a peer that a neighbour recommended. */
  record Meet(ByteString peer, ByteString record) implements Effect {}
}
