package dev.waggle.mesh.swarm.liveness;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.Inquiry;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.ProbeReply;
import dev.waggle.mesh.swarm.pb.ProbeRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/** {@code /waggle/probe/1}: a member asks another whether it reaches a third. */
final class ProbeProtocol {
  static final String PROTOCOL = "/waggle/probe/1";

  /** The most questions under way; more are answered with no. */
  static final int QUESTIONS_MAX = 64;

  private static final int MESSAGE_BYTES_MAX = 256;

  private ProbeProtocol() {}

  /**
   * Makes the host answer.
   *
   * @param probe finds out whether a peer answers; completes in bounded time
   */
  static void serve(Host host, Function<PeerId, CompletableFuture<Boolean>> probe) {
    Semaphore room = new Semaphore(QUESTIONS_MAX);
    host.handle(
        PROTOCOL,
        stream ->
            new FramedReader(MESSAGE_BYTES_MAX) {
              @Override
              protected void onFrame(Stream asked, byte[] frame) throws MalformedFrameException {
                PeerId peer = request(frame);
                if (!room.tryAcquire()) {
                  reply(asked, false);
                  return;
                }
                probe
                    .apply(peer)
                    .whenComplete(
                        (reachable, failure) -> {
                          room.release();
                          reply(asked, failure == null && reachable);
                        });
              }

              @Override
              protected void onGone(IOException cause) {
                // Whoever asked does not want to know any more.
              }
            });
  }

  private static void reply(Stream stream, boolean reachable) {
    FramedReader.send(stream, ProbeReply.newBuilder().setReachable(reachable).build());
    stream.closeWrite();
  }

  /** Asks. Fails with an {@link IOException} when no answer comes in time. */
  static CompletableFuture<Boolean> ask(Connection helper, PeerId peer, Duration timeout) {
    return Inquiry.ask(
        helper,
        PROTOCOL,
        ProbeRequest.newBuilder().setPeer(ByteString.copyFrom(peer.multihash())).build(),
        MESSAGE_BYTES_MAX,
        ProbeProtocol::reply,
        timeout);
  }

  private static PeerId request(byte[] frame) throws MalformedFrameException {
    try {
      return PeerId.ofMultihash(ProbeRequest.parseFrom(frame).getPeer().toByteArray());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a probe names no peer");
    }
  }

  private static boolean reply(byte[] frame) throws MalformedFrameException {
    try {
      return ProbeReply.parseFrom(frame).getReachable();
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("the answer to a probe cannot be read");
    }
  }
}
