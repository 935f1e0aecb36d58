package dev.waggle.mesh.libp2p;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A question to a peer on a stream of its own: one message there, one back. */
public final class Inquiry {
  private Inquiry() {}

  /** Makes sense of an answer. */
  public interface Answer<T> {
    /**
     * Reads it.
     *
     * @throws MalformedFrameException if it is none
     */
    T read(byte[] frame) throws MalformedFrameException;
  }

  /**
   * Asks. Fails with an {@link IOException} when the stream ends before the answer, and with a
   * {@link java.util.concurrent.TimeoutException} when that takes too long.
   *
   * @param protocol one that the peer is thought to serve
   * @param answerBytesMax the longest answer
   * @param patience how long it may take
   */
  public static <T> CompletableFuture<T> ask(
      Connection connection,
      String protocol,
      MessageLite question,
      int answerBytesMax,
      Answer<T> reading,
      Duration patience) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    connection
        .begin(
            protocol,
            new FramedReader(answerBytesMax) {
              @Override
              protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
                stream.closeWrite();
                answer.complete(reading.read(frame));
              }

              @Override
              protected void onGone(IOException cause) {
                answer.completeExceptionally(cause);
              }
            })
        .thenCompose(stream -> FramedReader.send(stream, question))
        .whenComplete(
            (sent, failure) -> {
              if (failure != null) {
                answer.completeExceptionally(failure);
              }
            });
    return answer.orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS);
  }
}
