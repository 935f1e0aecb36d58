package dev.waggle.mesh.swarm.pull;

import java.util.Optional;

/** What a node says of a pull that a member ordered. */
public sealed interface PullReport {
  /**
   * How far it is.
   *
   * @param completed of the part that comes now, in bytes
   * @param total of that part, in bytes; 0 when unknown
   */
  record Progress(long completed, long total) implements PullReport {
    public Progress {
      if (completed < 0 || total < 0 || completed > total) {
        throw new IllegalArgumentException("that is no progress");
      }
    }
  }

  /** The model is there. */
  record Done() implements PullReport {}

  /** Nothing is pulled. */
  record Refused(Reason reason) implements PullReport {}

  /**
   * The engine did not get it.
   *
   * @param cause for people; 1 to {@value #CAUSE_CHARACTERS_MAX} printable characters
   */
  record Failed(String cause) implements PullReport {
    /** The longest cause. */
    public static final int CAUSE_CHARACTERS_MAX = 400;

    public Failed {
      if (cause.isEmpty()
          || cause.length() > CAUSE_CHARACTERS_MAX
          || cause.codePoints().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException("that is no cause");
      }
    }

    /** With as much of a text as can be said. */
    public static Failed because(String text) {
      String printable = text.replaceAll("\\p{Cntrl}", " ").strip();
      String cut =
          printable.substring(0, Math.min(printable.length(), CAUSE_CHARACTERS_MAX)).strip();
      return new Failed(cut.isEmpty() ? "its engine does not say why" : cut);
    }
  }

  /** Why nothing is pulled. The code is what is sent; it never changes its meaning. */
  enum Reason {
    /** Its owner does not let this member do that, or not now. */
    NOT_ALLOWED(
        1, "its owner lets nobody, or not you, order models (owner.allow-pull in its config.toml)"),
    /** It pulls one already. */
    BUSY(2, "it pulls another model for a member (try again later)"),
    /** It has nothing to pull with. */
    NO_ENGINE(3, "no engine there gets models by itself (start Ollama there)"),
    /** The name is none of the registry that its engine uses by itself. */
    NAME(4, "members may order only models of Ollama's own registry, like qwen3:8b"),
    /** Requests to that model would leave the machine. */
    LEAVES(5, "that model does not run on the machine itself"),
    /** Its disk has too little room. */
    NO_ROOM(6, "its disk has too little room for it"),
    /** The request was not its sender's, came late or twice. */
    REQUEST(7, "it did not take the request (are both clocks right?)");

    private final int code;
    private final String words;

    Reason(int code, String words) {
      this.code = code;
      this.words = words;
    }

    int code() {
      return code;
    }

    /** Its meaning for people. */
    public String words() {
      return words;
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
