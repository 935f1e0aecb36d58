package dev.waggle.mesh.libp2p.protocol.ping;

import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.protocol.echo.Echo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Answers pings and sends them. Thread-safe. */
public final class Ping {
  /** The protocol's name. */
  public static final String PROTOCOL = "/ipfs/ping/1.0.0";

  private static final int PAYLOAD_BYTES = 32;
  private static final Duration ANSWER_MAX = Duration.ofSeconds(10);
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ping() {}

  /** Makes the host answer pings. */
  public static void serve(Host host) {
    host.handle(PROTOCOL, stream -> new Echo());
  }

  /** Measures one round trip, within ten seconds. */
  public static CompletableFuture<Duration> measure(Connection connection) {
    return measure(connection, ANSWER_MAX);
  }

  /**
   * Measures one round trip, without the time to open the stream. Fails with an {@link IOException}
   * when the peer does not answer or answers wrongly, and with a {@link
   * java.util.concurrent.TimeoutException} when it takes too long.
   */
  public static CompletableFuture<Duration> measure(Connection connection, Duration timeout) {
    Measurement measurement = new Measurement();
    connection
        .begin(PROTOCOL, measurement)
        .whenComplete(
            (stream, failure) -> {
              if (failure != null) {
                measurement.roundTrip.completeExceptionally(failure);
              } else {
                measurement.send(stream);
              }
            });
    return measurement.roundTrip.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static final class Measurement implements StreamReader {
    final CompletableFuture<Duration> roundTrip = new CompletableFuture<>();
    private final byte[] payload = new byte[PAYLOAD_BYTES];
    private final ByteBuffer answer = ByteBuffer.allocate(PAYLOAD_BYTES);
    private volatile long sent;

    Measurement() {
      RANDOM.nextBytes(payload);
    }

    void send(Stream stream) {
      if (roundTrip.isDone()) {
        stream.reset(); // Nobody waits any more.
        return;
      }
      roundTrip.exceptionally(
          failure -> {
            stream.reset();
            return Duration.ZERO;
          });
      sent = System.nanoTime();
      stream.write(ByteBuffer.wrap(payload));
    }

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      if (bytes.remaining() > answer.remaining()) {
        stream.reset();
        roundTrip.completeExceptionally(new IOException("a ping's answer is too long"));
        return;
      }
      answer.put(bytes);
      if (!answer.hasRemaining()) {
        Duration taken = Duration.ofNanos(System.nanoTime() - sent);
        stream.closeWrite();
        if (MessageDigest.isEqual(payload, answer.array())) {
          roundTrip.complete(taken);
        } else {
          roundTrip.completeExceptionally(new IOException("a ping's answer is another's"));
        }
      }
    }

    @Override
    public void onEnd(Stream stream) {
      roundTrip.completeExceptionally(new IOException("the peer did not answer a ping"));
    }

    @Override
    public void onReset(Stream stream) {
      roundTrip.completeExceptionally(new IOException("the peer did not answer a ping"));
    }
  }
}
