package dev.waggle.mesh.libp2p;

import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** The other side of an {@link Inquiry}: reads one question, and answers it where it may wait. */
public abstract class Answerer extends FramedReader {
  private final Executor blocking;
  private boolean asked;

  /**
   * @param questionBytesMax the longest question
   * @param blocking runs what answers; may refuse, which breaks the stream off
   */
  protected Answerer(int questionBytesMax, Executor blocking) {
    super(questionBytesMax);
    this.blocking = blocking;
  }

  /**
   * Reads the question; must not block.
   *
   * @return what answers it, sends the answer and ends the stream; may block
   * @throws MalformedFrameException if it is none
   */
  protected abstract Runnable onQuestion(Stream stream, byte[] frame)
      throws MalformedFrameException;

  @Override
  protected final void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
    if (asked) {
      throw new MalformedFrameException("a second question on one stream");
    }
    asked = true;
    try {
      blocking.execute(onQuestion(stream, frame));
    } catch (RejectedExecutionException e) {
      stream.reset();
    }
  }

  @Override
  protected final void onGone(IOException cause) {
    // Nothing is kept for who asked; it may ask again.
  }
}
