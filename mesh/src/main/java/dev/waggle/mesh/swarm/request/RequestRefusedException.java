package dev.waggle.mesh.swarm.request;

import java.time.Instant;
import java.util.Optional;

/** A request was not taken. */
public final class RequestRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Why. The code is what is sent; it never changes its meaning. */
  public enum Reason {
    /**
     * Its signature is not the sender's, or is over something else: another receiver, an earlier
     * run of its program.
     */
    SIGNATURE(1, "its signature does not verify"),
    /** The two clocks are too far apart; the answer has the receiver's time. */
    CLOCK(2, "the clocks are too far apart"),
    /** It came before. */
    REPLAYED(3, "it came before"),
    /** Too many come at once. */
    OVERLOADED(4, "the peer gets too many requests");

    private final int code;
    private final String words;

    Reason(int code, String words) {
      this.code = code;
      this.words = words;
    }

    /** What is sent for it. */
    public int code() {
      return code;
    }

    /** Its meaning for people. */
    public String words() {
      return words;
    }

    /** The reason of a code; empty for one that a later version invented. */
    public static Optional<Reason> ofCode(int code) {
      for (Reason reason : values()) {
        if (reason.code == code) {
          return Optional.of(reason);
        }
      }
      return Optional.empty();
    }
  }

  private final Reason reason;
  private final transient Instant time;

  RequestRefusedException(Reason reason, Instant time) {
    super("a request was refused: " + reason.words());
    this.reason = reason;
    this.time = time;
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }

  /** What the receiver's clock showed. */
  public Instant time() {
    return time;
  }
}
