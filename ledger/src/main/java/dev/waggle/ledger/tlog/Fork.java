package dev.waggle.ledger.tlog;

import dev.waggle.crypto.PeerId;

/**
 * Proof that a node told two stories: two checkpoints of one log and one size, both signed by it,
 * with different roots. Anybody can check it with nothing but the two notes.
 */
public record Fork(SignedCheckpoint one, SignedCheckpoint other) {
  private static final String BETWEEN = "\n";

  public Fork {
    boolean proves =
        one.checkpoint().log().equals(other.checkpoint().log())
            && one.checkpoint().size() == other.checkpoint().size()
            && !one.checkpoint().agreesWith(other.checkpoint())
            && one.isSigned()
            && other.isSigned();
    if (!proves) {
      throw new IllegalArgumentException("the two checkpoints do not contradict each other");
    }
  }

  /** Whose log it is. */
  public PeerId accused() {
    return one.checkpoint().log();
  }

  /** The two notes, one after the other, with an empty line between them. */
  public String text() {
    return bare(one) + BETWEEN + bare(other);
  }

  private static String bare(SignedCheckpoint of) {
    return new SignedCheckpoint(of.checkpoint(), of.signature(), java.util.List.of()).note();
  }

  /**
   * Reads what {@link #text} made, and checks it.
   *
   * @throws MalformedCheckpointException if it proves nothing
   */
  public static Fork parse(String text) throws MalformedCheckpointException {
    int second = text.indexOf(BETWEEN + Checkpoint.ORIGIN, 1);
    if (second < 0) {
      throw new MalformedCheckpointException("these are not two of them");
    }
    try {
      return new Fork(
          SignedCheckpoint.parse(text.substring(0, second)),
          SignedCheckpoint.parse(text.substring(second + BETWEEN.length())));
    } catch (IllegalArgumentException e) {
      throw new MalformedCheckpointException("the two do not contradict each other");
    }
  }
}
