package dev.waggle.mesh.swarm.exchange;

import dev.waggle.mesh.libp2p.MalformedFrameException;

/** A message that is well-formed, and was not made by whom it should be, or was changed. */
final class ForgedMessageException extends MalformedFrameException {
  private static final long serialVersionUID = 1L;

  ForgedMessageException(String message) {
    super(message);
  }
}
