package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;

/**
 * What one neighbour tells another at a time. Filled by its maker, then only read.
 *
 * <p>One type for both directions; the lists are in the order of the wire.
 */
final class Rpc {
  /** The peer begins or ends its interest in a topic. */
  record Subscription(String topic, boolean subscribe) {}

  /** The peer has these messages of a topic. */
  record IHave(String topic, List<ByteString> ids) {}

  /**
   * The peer leaves this mesh link.
   *
   * @param peers others that may have room
   * @param backoffSeconds how long not to ask again; 0 when it does not say
   */
  record Prune(String topic, List<ExchangedPeer> peers, long backoffSeconds) {}

  /**
   * A peer that is recommended.
   *
   * @param record its signed addresses; empty when unknown
   */
  record ExchangedPeer(ByteString peer, ByteString record) {}

  final List<Subscription> subscriptions = new ArrayList<>(0);
  final List<Message> messages = new ArrayList<>(1);
  final List<IHave> iHaves = new ArrayList<>(0);
  final List<ByteString> iWants = new ArrayList<>(0);
  final List<String> grafts = new ArrayList<>(0);
  final List<Prune> prunes = new ArrayList<>(0);
  final List<ByteString> iDontWants = new ArrayList<>(0);

  boolean hasControl() {
    return !(iHaves.isEmpty()
        && iWants.isEmpty()
        && grafts.isEmpty()
        && prunes.isEmpty()
        && iDontWants.isEmpty());
  }

  boolean isEmpty() {
    return subscriptions.isEmpty() && messages.isEmpty() && !hasControl();
  }
}
