package dev.waggle.mesh.swarm.conduct;

/**
 * What no honest node does. Slowness, overload, crashes, declining and lost connections are none.
 *
 * <p>No fault alone reaches {@link Conduct#SHUNNED_FROM}: a bug or a broken disk may look the same
 * once.
 */
public enum Fault {
  /** It signed a receipt that is not true. */
  FALSE_RECEIPT(6, "a receipt that is not true"),
  /** It signed two records of one past. */
  FORKED_LEDGER(6, "two checkpoints that contradict each other"),
  /** It took a claim with what it did not sign, or sent an answer that does not open. */
  FALSE_ANSWER(4, "an answer that is not its own or was changed"),
  /** It sent bytes of a model that are not what it had stated, or stated what is not true. */
  FALSE_CONTENT(4, "bytes of a model that are not what they should be"),
  /** Its result of a deterministic task is not the one that most others had. */
  FALSE_RESULT(6, "a result that others did not have"),
  /** It sent bytes that are no message, or a message out of turn. */
  MALFORMED(3, "bytes that are no message of the protocol"),
  /** It sent a signed request a second time. */
  REPLAY(3, "a request that came before"),
  /** It took a place and brought no task; clients that go away do that, floods do it often. */
  IDLE_CLAIM(0.25, "a place that was taken and not used");

  private final double weight;
  private final String words;

  Fault(double weight, String words) {
    this.weight = weight;
    this.words = words;
  }

  /** How much it adds to a score. */
  double weight() {
    return weight;
  }

  /** For people. */
  public String words() {
    return words;
  }
}
