package dev.waggle.mesh.libp2p;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a stream of bounded messages that have their length before them. */
public abstract class FramedReader implements StreamReader {
  private static final Logger log = LoggerFactory.getLogger(FramedReader.class);

  private final FrameAssembler frames;

  /**
   * @param frameBytesMax the longest message; a longer one breaks the stream off
   */
  protected FramedReader(int frameBytesMax) {
    this.frames = new FrameAssembler(frameBytesMax);
  }

  /** A message arrived, without its length. */
  protected abstract void onFrame(Stream stream, byte[] frame) throws MalformedFrameException;

  /** Takes messages of another length from now on: a peer that has proved itself may send more. */
  protected final void expect(int frameBytesMax) {
    frames.expect(frameBytesMax);
  }

  /** The stream ended or broke; may come after all was said. */
  protected abstract void onGone(IOException cause);

  /** Sends a message with its length before it. */
  public static CompletableFuture<Void> send(Stream stream, MessageLite message) {
    return stream.write(FrameAssembler.frame(message.toByteArray()));
  }

  @Override
  public final void onData(Stream stream, ByteBuffer bytes) {
    try {
      frames.onBytes(bytes, frame -> onFrame(stream, frame));
    } catch (MalformedFrameException e) {
      log.debug("{} from {}: {}", stream.protocol(), stream.connection(), e.getMessage());
      stream.reset();
      onGone(e);
    }
  }

  @Override
  public final void onEnd(Stream stream) {
    stream.closeWrite();
    onGone(new IOException("the peer ended the exchange"));
  }

  @Override
  public final void onReset(Stream stream) {
    onGone(new IOException("the peer broke off the exchange"));
  }
}
