package dev.waggle.mesh.libp2p;

import java.nio.ByteBuffer;

/** Receives one stream's bytes. Called on the connection's event loop; must not block. */
public interface StreamReader {
  /** Bytes arrived. The buffer is valid during the call only. */
  void onData(Stream stream, ByteBuffer bytes);

  /** The peer will write nothing more; this side may still write. */
  void onEnd(Stream stream);

  /** The peer reset the stream or its connection ended. Nothing follows. */
  void onReset(Stream stream);
}
