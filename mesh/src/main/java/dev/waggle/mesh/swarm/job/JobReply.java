package dev.waggle.mesh.swarm.job;

import java.util.Optional;

/** What a node says to a request about jobs. */
public sealed interface JobReply {
  /**
   * The answer.
   *
   * @param bytes at most {@link JobProtocol#BODY_BYTES_MAX}; not to be changed
   */
  record Answered(byte[] bytes) implements JobReply {}

  /**
   * There is none.
   *
   * @param cause for people; 1 to {@value #CAUSE_CHARACTERS_MAX} printable characters
   */
  record Refused(Reason reason, String cause) implements JobReply {
    /** The longest cause. */
    public static final int CAUSE_CHARACTERS_MAX = 600;

    public Refused {
      if (cause.isEmpty()
          || cause.length() > CAUSE_CHARACTERS_MAX
          || cause.codePoints().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException("that is no cause");
      }
    }

    /** With as much of a text as can be said. */
    public static Refused because(Reason reason, String text) {
      String printable = text.replaceAll("\\p{Cntrl}", " ").strip();
      String cut =
          printable.substring(0, Math.min(printable.length(), CAUSE_CHARACTERS_MAX)).strip();
      return new Refused(reason, cut.isEmpty() ? "it does not say why" : cut);
    }
  }

  /** Why there is no answer. The code is what is sent; it never changes its meaning. */
  enum Reason {
    /** The member may not do that there. */
    NOT_ALLOWED(1),
    /** The member has no such job, task or file there. */
    UNKNOWN(2),
    /** The job is not in a state for that, or another one is in the way. */
    CONFLICT(3),
    /** There is no room for it now. */
    FULL(4),
    /** The body makes no sense to that node. */
    INVALID(5),
    /** The node failed. */
    FAILED(6);

    private final int code;

    Reason(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    static Optional<Reason> ofCode(int code) {
      for (Reason reason : values()) {
        if (reason.code == code) {
          return Optional.of(reason);
        }
      }
      return Optional.empty();
    }
  }
}
