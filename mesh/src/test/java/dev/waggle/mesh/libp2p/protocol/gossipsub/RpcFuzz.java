package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** An RPC, read, checked, and given to a router. */
public final class RpcFuzz implements FuzzTarget {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[32]);
  private static final PeerId NEIGHBOUR = PeerId.ofPublicKey(new byte[32]);
  private final Authors authors = new Authors();

  @Override
  public void run(byte[] input) {
    Rpc rpc;
    try {
      rpc = RpcCodec.decode(input);
    } catch (MalformedFrameException e) {
      return; // It says what is wrong.
    }
    rpc.messages.forEach(message -> MessageSignature.verify(message, authors));
    GossipRouter router =
        new GossipRouter(
            IDENTITY.peerId(),
            GossipParameters.DEFAULT,
            Set.of(),
            peer -> ByteString.EMPTY,
            new SplittableRandom(1),
            0);
    router.join("a", 0);
    router.onPeer(NEIGHBOUR, PeerState.Kind.MESH_DONT_WANT, true, "");
    for (Effect effect : router.onRpc(NEIGHBOUR, rpc, 1)) {
      if (effect instanceof Effect.Validate validate) {
        router.onJudged(validate.message(), Judgement.ACCEPTED, 2);
      } else if (effect instanceof Effect.Send send) {
        RpcCodec.encodeControl(send.rpc());
      }
    }
    router.onHeartbeat(1_000_000_000L);
    if (!router.isSound()) {
      throw new IllegalStateException("the router is unsound");
    }
  }

  @Override
  public List<byte[]> seeds() throws IOException {
    Rpc rpc = new Rpc();
    rpc.subscriptions.add(new Rpc.Subscription("a", true));
    rpc.messages.add(MessageSignature.sign(IDENTITY, "a", 1, new byte[10]));
    rpc.iHaves.add(new Rpc.IHave("a", List.of(ByteString.copyFromUtf8("1"))));
    rpc.iWants.add(ByteString.copyFromUtf8("1"));
    rpc.grafts.add("a");
    rpc.prunes.add(
        new Rpc.Prune(
            "a",
            List.of(new Rpc.ExchangedPeer(ByteString.copyFromUtf8("p"), ByteString.EMPTY)),
            60));
    rpc.iDontWants.add(ByteString.copyFromUtf8("2"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(RpcCodec.encodeControl(rpc));
    CodedOutputStream to = CodedOutputStream.newInstance(bytes);
    RpcCodec.writePublished(rpc.messages, to);
    to.flush();
    return List.of(bytes.toByteArray());
  }
}
