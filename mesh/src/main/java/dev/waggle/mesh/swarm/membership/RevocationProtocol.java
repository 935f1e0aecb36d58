package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.Answerer;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.SignedRevocation;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Tells a connected member of a revocation: {@value #PROTOCOL}. Gossip tells all others; this is
 * for who must know now, gossip or not. One message; the stream ends once it was taken.
 */
final class RevocationProtocol {
  static final String PROTOCOL = "/waggle/revocation/1";

  private static final Duration TAKEN_MAX = Duration.ofSeconds(2);

  private RevocationProtocol() {}

  /** The side that is told. */
  static final class Hearer extends Answerer {
    private final Consumer<Revocation> learn;

    /**
     * @param learn takes a revocation, unverified; runs on the executor and may block
     */
    Hearer(Executor blocking, Consumer<Revocation> learn) {
      super(Revocation.BYTES_MAX, blocking);
      this.learn = learn;
    }

    @Override
    protected Runnable onQuestion(Stream stream, byte[] frame) throws MalformedFrameException {
      try {
        Revocation revocation = Revocation.of(SignedRevocation.parseFrom(frame));
        return () -> {
          learn.accept(revocation);
          stream.closeWrite();
        };
      } catch (InvalidProtocolBufferException | MembershipException e) {
        throw new MalformedFrameException("a revocation cannot be read");
      }
    }
  }

  /** Tells it; completes when it was taken, and fails after two seconds. */
  static CompletableFuture<Void> tell(Connection connection, Revocation revocation) {
    CompletableFuture<Void> taken = new CompletableFuture<>();
    FramedReader teller =
        new FramedReader(0) {
          @Override
          protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
            throw new MalformedFrameException("an answer to a revocation");
          }

          @Override
          protected void onGone(IOException cause) {
            // The end of the stream is the acknowledgement; a reset comes to the same here.
            taken.complete(null);
          }
        };
    connection
        .open(List.of(PROTOCOL), teller)
        .thenCompose(stream -> FramedReader.send(stream, revocation.toProtobuf()))
        .exceptionally(
            failure -> {
              taken.completeExceptionally(failure);
              return null;
            });
    return taken.orTimeout(TAKEN_MAX.toMillis(), TimeUnit.MILLISECONDS);
  }
}
