package dev.waggle.mesh.libp2p.protocol.perf;

import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Serves and makes measurements. The client says how many bytes it wants, sends its own, and half
 * closes; the server reads them all and sends what was asked for. Thread-safe.
 */
public final class Perf {
  /** The protocol's name. */
  public static final String PROTOCOL = "/perf/1.0.0";

  /** The most bytes of one measurement in either direction; a server resets a request for more. */
  public static final long BYTES_MAX = 64L << 30;

  private static final int PIECE_BYTES = 256 << 10;
  // Sent again and again; nobody changes it.
  private static final byte[] PIECE = new byte[PIECE_BYTES];

  private Perf() {}

  /** What a measurement found: the time of each direction. */
  public record Result(Duration upload, Duration download) {}

  /** Makes the host serve measurements. */
  public static void serve(Host host) {
    host.handle(PROTOCOL, stream -> new Server());
  }

  /**
   * Sends and receives so many bytes on a stream of its own. Fails with an {@link IOException} when
   * the stream breaks or the peer sends another number of bytes.
   *
   * @param upload bytes to send, 0 or more
   * @param download bytes to receive, 0 to {@link #BYTES_MAX}
   */
  public static CompletableFuture<Result> measure(
      Connection connection, long upload, long download) {
    Client client = new Client(upload, download);
    connection
        .open(List.of(PROTOCOL), client)
        .thenAccept(client::begin)
        .exceptionally(
            failure -> {
              client.result.completeExceptionally(failure);
              return null;
            });
    return client.result;
  }

  /** Sends so many bytes, each piece once the one before is on its way, then half closes. */
  private static CompletableFuture<Void> send(Stream stream, long bytes) {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    sendNext(stream, bytes, sent);
    return sent;
  }

  private static void sendNext(Stream stream, long bytes, CompletableFuture<Void> sent) {
    long left = bytes;
    while (left > 0) {
      int length = (int) Math.min(PIECE_BYTES, left);
      left -= length;
      CompletableFuture<Void> written = stream.write(ByteBuffer.wrap(PIECE, 0, length));
      if (!written.isDone() || written.isCompletedExceptionally()) {
        long rest = left;
        written.whenComplete(
            (done, failure) -> {
              if (failure != null) {
                sent.completeExceptionally(failure);
              } else {
                sendNext(stream, rest, sent);
              }
            });
        return;
      }
    }
    stream.closeWrite();
    sent.complete(null);
  }

  private static final class Server implements StreamReader {
    private final ByteBuffer wanted = ByteBuffer.allocate(Long.BYTES);

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      while (wanted.hasRemaining() && bytes.hasRemaining()) {
        wanted.put(bytes.get());
      }
    }

    @Override
    public void onEnd(Stream stream) {
      long bytes = wanted.hasRemaining() ? -1 : wanted.flip().getLong();
      if (bytes < 0 || bytes > BYTES_MAX) {
        stream.reset();
      } else {
        send(stream, bytes);
      }
    }

    @Override
    public void onReset(Stream stream) {
      // The write that is under way fails.
    }
  }

  private static final class Client implements StreamReader {
    final CompletableFuture<Result> result = new CompletableFuture<>();
    private final long upload;
    private final long download;
    private long received;
    private volatile long begin;
    private volatile long uploaded;

    Client(long upload, long download) {
      this.upload = upload;
      this.download = download;
    }

    void begin(Stream stream) {
      begin = System.nanoTime();
      stream
          .write(ByteBuffer.allocate(Long.BYTES).putLong(download).flip())
          .thenCompose(sent -> send(stream, upload))
          .whenComplete(
              (sent, failure) -> {
                uploaded = System.nanoTime();
                if (failure != null) {
                  result.completeExceptionally(failure);
                }
              });
    }

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      received += bytes.remaining();
      if (received > download) {
        stream.reset();
        result.completeExceptionally(new IOException("the peer sent more than was asked for"));
      }
    }

    @Override
    public void onEnd(Stream stream) {
      if (received < download) {
        result.completeExceptionally(
            new IOException("the peer sent " + received + " of " + download + " bytes"));
        return;
      }
      long now = System.nanoTime();
      long half = uploaded == 0 ? now : uploaded;
      result.complete(new Result(Duration.ofNanos(half - begin), Duration.ofNanos(now - half)));
    }

    @Override
    public void onReset(Stream stream) {
      result.completeExceptionally(new IOException("the peer broke the measurement off"));
    }
  }
}
