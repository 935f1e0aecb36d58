package dev.waggle.mesh.swarm.pull;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.membership.ConnectedMembers;
import dev.waggle.mesh.swarm.request.Requests;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A pull that another node was ordered to do. Closing it ends the pull there, too. Thread-safe;
 * nothing blocks but {@link #await}.
 */
public final class OrderedPull implements AutoCloseable {
  /** How long the other node may say nothing; it beats more often than that. */
  static final Duration SILENCE_MAX = ServedPull.BEAT.multipliedBy(6);

  private final CompletableFuture<PullReport> last = new CompletableFuture<>();
  private final CompletableFuture<Stream> opened = new CompletableFuture<>();
  private volatile PullReport.Progress progress = new PullReport.Progress(0, 0);
  private volatile long heard = System.nanoTime();

  private OrderedPull() {}

  /**
   * Orders a model.
   *
   * @param members those that are connected; when the member is none of them, waiting for it fails
   * @param conduct hears of the member's faults
   */
  public static OrderedPull begin(
      PeerId member, String model, Requests requests, ConnectedMembers members, Conduct conduct) {
    OrderedPull pull = new OrderedPull();
    Optional<Connection> connection = members.connection(member);
    Optional<byte[]> bootId = members.bootId(member);
    if (connection.isEmpty() || bootId.isEmpty()) {
      pull.last.completeExceptionally(new IOException("it is not connected"));
      return pull;
    }
    byte[] order = PullProtocol.order(model);
    connection
        .get()
        .begin(PullProtocol.PROTOCOL, pull.new Reports(conduct))
        .thenCompose(
            stream -> {
              pull.opened.complete(stream);
              return FramedReader.send(
                  stream, requests.sign(PullProtocol.PROTOCOL, member, bootId.get(), order));
            })
        .whenComplete(
            (sent, failure) -> {
              if (failure != null) {
                pull.last.completeExceptionally(new IOException("the connection ended", failure));
              }
            });
    return pull;
  }

  /** How far it is, as the other node last said. */
  public PullReport.Progress progress() {
    return progress;
  }

  /**
   * Waits for what the other node says at the end.
   *
   * @param patience how long to wait
   * @return that, or empty while it is still at work
   * @throws IOException if it cannot be reached, broke off, said what makes no sense, or was silent
   *     for too long
   */
  public Optional<PullReport> await(Duration patience) throws IOException, InterruptedException {
    try {
      return Optional.of(last.get(patience.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      if (System.nanoTime() - heard > SILENCE_MAX.toNanos()) {
        close();
        throw new IOException("it said nothing for " + SILENCE_MAX.toSeconds() + " s", e);
      }
      return Optional.empty();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(String.valueOf(cause.getMessage()), cause);
    }
  }

  /** Ends it, here and there. Idempotent. */
  @Override
  public void close() {
    opened.thenAccept(Stream::reset);
    last.completeExceptionally(new IOException("it was abandoned"));
  }

  private final class Reports extends FramedReader {
    private final Conduct conduct;

    Reports(Conduct conduct) {
      super(PullProtocol.REPORT_BYTES_MAX);
      this.conduct = conduct;
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      PullReport report;
      try {
        report = PullProtocol.report(frame);
      } catch (MalformedFrameException e) {
        conduct.observe(stream.connection().remotePeer(), Fault.MALFORMED);
        throw e;
      }
      heard = System.nanoTime();
      if (report instanceof PullReport.Progress step) {
        progress = step;
      } else {
        last.complete(report);
        stream.closeWrite();
      }
    }

    @Override
    protected void onGone(IOException cause) {
      last.completeExceptionally(cause);
    }
  }
}
