package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.MessageLite;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A stream of few, bounded messages: what hello and join have in common. */
abstract class Framed implements StreamReader {
  private static final Logger log = LoggerFactory.getLogger(Framed.class);

  private final FrameAssembler frames;

  Framed(int frameBytesMax) {
    this.frames = new FrameAssembler(frameBytesMax);
  }

  /** A message arrived. */
  abstract void onFrame(Stream stream, byte[] frame) throws MalformedFrameException;

  /** The stream ended or broke; may come after all was said. */
  abstract void onGone(IOException cause);

  static CompletableFuture<Void> send(Stream stream, MessageLite message) {
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
