package dev.waggle.worker.model;

/** A model was not fetched; the message names the cause and the remedy. */
public final class FetchException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What stood in the way. */
  public enum Kind {
    /** Nobody who can be asked has it. */
    NOT_FOUND,
    /** Another model has its name here. */
    NAME_TAKEN,
    /** The disk has not the room. */
    NO_ROOM,
    /** Another model is being fetched. */
    BUSY,
    /** This node has no engine for it. */
    NO_ENGINE,
    /** It broke off; what came stays for the next time. */
    BROKE_OFF
  }

  private final Kind kind;

  FetchException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  FetchException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What stood in the way. */
  public Kind kind() {
    return kind;
  }
}
