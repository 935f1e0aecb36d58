package dev.waggle.ledger;

import java.time.Duration;

/**
 * What work is worth. Credits are never stored: they follow from receipts that both sides signed,
 * by the formulas here and nothing else.
 *
 * <p>Credits = seconds × engine × quality × load. Code has the quality of a large model; its
 * receipts name the sandbox's runtime, {@code sandbox/} and a language, in the model's place.
 */
public final class Credits {
  private static final double CPU = 1;
  private static final double GPU = 4;
  private static final double CODE = 1;
  private static final String SANDBOX = "sandbox/";
  private static final double MILLIS = 1_000;

  private Credits() {}

  /** What a receipt's worker earns, and its requester spends. */
  public static double of(ReceiptBody body, Observation observation) {
    if (body.worker().equals(body.requester())) {
      return 0; // Nobody earns anything of himself.
    }
    Work work = body.work();
    return seconds(work, observation)
        * (work.accelerated() ? GPU : CPU)
        * (body.model().startsWith(SANDBOX) ? CODE : quality(work.parameters()))
        * load(work.demandPercent());
  }

  /** As long as the worker says, and no longer than the requester waited. */
  static double seconds(Work work, Observation observation) {
    Duration time =
        work.time().compareTo(observation.total()) < 0 ? work.time() : observation.total();
    return time.toMillis() / MILLIS;
  }

  /**
   * By the model's size; more is better.
   *
   * @param parameters in millions; 0 when unknown
   */
  public static double quality(long parameters) {
    if (parameters >= 7_000) {
      return 1;
    }
    if (parameters >= 3_000) {
      return 0.7;
    }
    return parameters >= 1_500 ? 0.5 : 0.3;
  }

  /**
   * By how much is asked of the worker.
   *
   * @param demandPercent tasks for each slot, in percent
   */
  static double load(int demandPercent) {
    if (demandPercent <= 50) {
      return 0.8;
    }
    if (demandPercent <= 100) {
      return 1;
    }
    return demandPercent <= 200 ? 1.25 : 1.6;
  }
}
