package dev.waggle.mesh.libp2p;

import java.io.IOException;

/** A peer sent bytes that its protocol does not allow; the stream or connection cannot go on. */
public class MalformedFrameException extends IOException {
  private static final long serialVersionUID = 1L;

  /** The message is our own words, never the peer's bytes. */
  public MalformedFrameException(String message) {
    super(message);
  }
}
