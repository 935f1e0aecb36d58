package dev.waggle.mesh.libp2p.protocol.relay;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.multiformat.Varint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stream that begins with one message and may then become a circuit: what comes after the message
 * is kept until there is somebody to take it.
 */
abstract class Conversation implements StreamReader {
  /** The longest message, in bytes. */
  static final int MESSAGE_BYTES_MAX = 4_096;

  private static final Logger log = LoggerFactory.getLogger(Conversation.class);

  private final ByteArrayOutputStream gathered = new ByteArrayOutputStream();
  private boolean heard;
  private boolean ended;
  private boolean reset;
  private @Nullable StreamReader next;

  /** The message came. The stream is not read any further until {@link #become}. */
  abstract void onMessage(Stream stream, byte[] message) throws MalformedFrameException;

  /** The stream broke before the message came. */
  abstract void onBroken(IOException cause);

  /** From now on the stream is the other's, which also gets what came since the message. */
  final synchronized void become(Stream stream, StreamReader reader) {
    next = reader;
    if (gathered.size() > 0) {
      reader.onData(stream, ByteBuffer.wrap(gathered.toByteArray()));
      gathered.reset();
    }
    if (reset) {
      reader.onReset(stream);
    } else if (ended) {
      reader.onEnd(stream);
    }
    stream.reading(true);
  }

  @Override
  public final synchronized void onData(Stream stream, ByteBuffer bytes) {
    if (next != null) {
      next.onData(stream, bytes);
      return;
    }
    byte[] piece = new byte[bytes.remaining()];
    bytes.get(piece);
    gathered.writeBytes(piece);
    if (heard) {
      return; // A window's worth at most: reading is off.
    }
    try {
      ByteBuffer all = ByteBuffer.wrap(gathered.toByteArray());
      int length = Varint.read(all);
      if (length > MESSAGE_BYTES_MAX) {
        throw new MalformedFrameException("a relay message is too long");
      }
      if (length < 0 || all.remaining() < length) {
        return;
      }
      byte[] message = new byte[length];
      all.get(message);
      gathered.reset();
      gathered.write(all.array(), all.position(), all.remaining());
      heard = true;
      stream.reading(false);
      onMessage(stream, message);
    } catch (MalformedFrameException e) {
      log.debug("{} with {}: {}", stream.protocol(), stream.connection(), e.getMessage());
      stream.reset();
      onBroken(e);
    }
  }

  @Override
  public final synchronized void onEnd(Stream stream) {
    ended = true;
    if (next != null) {
      next.onEnd(stream);
    } else if (!heard) {
      stream.closeWrite();
      onBroken(new IOException("the peer ended the stream without a word"));
    }
  }

  @Override
  public final synchronized void onReset(Stream stream) {
    reset = true;
    if (next != null) {
      next.onReset(stream);
    } else if (!heard) {
      onBroken(new IOException("the peer broke the stream off"));
    }
  }
}
