package dev.waggle.mesh.libp2p.muxer;

import java.io.IOException;

/** A connection that carries streams. Everything happens on its event loop. */
public interface MuxedConnection {
  /**
   * Opens a stream; usable at once.
   *
   * @throws IOException when the connection is ending or has too many streams
   */
  MuxedStream open(MuxedStreamEvents events) throws IOException;

  /** How many streams are open, both directions. May be called on any thread. */
  int streams();

  /** Says goodbye and ends the connection. */
  void close();
}
