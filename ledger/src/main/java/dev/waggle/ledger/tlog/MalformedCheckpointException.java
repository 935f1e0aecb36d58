package dev.waggle.ledger.tlog;

/** A text that is no checkpoint, or whose signatures are not good. */
public final class MalformedCheckpointException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedCheckpointException(String message) {
    super("a checkpoint is not valid: " + message);
  }
}
