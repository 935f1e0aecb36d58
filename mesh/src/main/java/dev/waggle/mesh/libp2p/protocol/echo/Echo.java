package dev.waggle.mesh.libp2p.protocol.echo;

import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import java.nio.ByteBuffer;

/** Sends a stream's bytes back, at the peer's pace: never more than one piece waits. */
public final class Echo implements StreamReader {
  @Override
  public void onData(Stream stream, ByteBuffer bytes) {
    ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
    stream.reading(false);
    stream
        .write(copy)
        .whenComplete(
            (sent, failure) -> {
              if (failure == null) {
                stream.reading(true);
              }
            });
  }

  @Override
  public void onEnd(Stream stream) {
    stream.closeWrite();
  }

  @Override
  public void onReset(Stream stream) {
    // Nothing is kept for it.
  }
}
