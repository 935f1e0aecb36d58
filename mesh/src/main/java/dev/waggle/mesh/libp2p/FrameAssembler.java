package dev.waggle.mesh.libp2p;

import dev.waggle.mesh.libp2p.multiformat.Varint;
import java.nio.ByteBuffer;

/**
 * Cuts a byte stream into messages that have their length before them as an unsigned varint. Keeps
 * at most one incomplete message. Not thread-safe.
 */
public final class FrameAssembler {
  private static final int FIRST_BYTES = 512;
  private static final int LENGTH_BYTES_MAX = 5;

  private int frameBytesMax;
  private ByteBuffer kept = ByteBuffer.allocate(0);

  /** Takes a message. */
  @FunctionalInterface
  public interface Sink {
    /** A whole message, without its length. */
    void onFrame(byte[] frame) throws MalformedFrameException;
  }

  /**
   * @param frameBytesMax the longest message; a longer one is refused before it is kept
   */
  public FrameAssembler(int frameBytesMax) {
    this.frameBytesMax = frameBytesMax;
  }

  /** Takes messages of another length from now on. */
  void expect(int bytesMax) {
    frameBytesMax = bytesMax;
  }

  /** How many bytes a message takes with its length before it. */
  public static int framedBytes(int messageBytes) {
    return Varint.encodedBytes(messageBytes) + messageBytes;
  }

  /** The message with its length before it. */
  public static ByteBuffer frame(byte[] message) {
    byte[] length = Varint.encode(message.length);
    return ByteBuffer.allocate(length.length + message.length).put(length).put(message).flip();
  }

  /**
   * Takes bytes and gives every message that they complete to the sink.
   *
   * @throws MalformedFrameException if a message is too long, or the sink refuses it
   */
  public void onBytes(ByteBuffer bytes, Sink sink) throws MalformedFrameException {
    ByteBuffer input = bytes;
    if (kept.position() > 0) {
      keep(bytes);
      input = kept.flip();
    }
    byte[] frame;
    while ((frame = next(input)) != null) {
      sink.onFrame(frame);
    }
    ByteBuffer rest = ByteBuffer.allocate(input.hasRemaining() ? size(input.remaining()) : 0);
    kept = rest.put(input);
  }

  /** Whether a message has begun and not ended. */
  public boolean isInsideFrame() {
    return kept.position() > 0;
  }

  private byte @org.jspecify.annotations.Nullable [] next(ByteBuffer input)
      throws MalformedFrameException {
    int start = input.position();
    int length = Varint.read(input);
    if (length > frameBytesMax) {
      throw new MalformedFrameException("a message is longer than " + frameBytesMax + " bytes");
    }
    if (length < 0 || input.remaining() < length) {
      input.position(start);
      return null;
    }
    byte[] frame = new byte[length];
    input.get(frame);
    return frame;
  }

  private void keep(ByteBuffer bytes) {
    if (kept.remaining() < bytes.remaining()) {
      ByteBuffer larger = ByteBuffer.allocate(size(kept.position() + bytes.remaining()));
      kept = larger.put(kept.flip());
    }
    kept.put(bytes);
  }

  /** Room to grow, so that a long message in small pieces is not copied over and over. */
  private int size(int needed) {
    int generous = Math.max(FIRST_BYTES, Math.min(2 * needed, frameBytesMax + LENGTH_BYTES_MAX));
    return Math.max(needed, generous);
  }
}
