package dev.waggle.mesh.swarm.snapshot;

import java.io.IOException;

/** An archive is not one that {@link FileArchive} writes; the message says in what. */
public final class MalformedArchiveException extends IOException {
  private static final long serialVersionUID = 1L;

  /** It says in what. */
  public MalformedArchiveException(String message) {
    super(message);
  }
}
