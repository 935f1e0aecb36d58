package dev.waggle.ledger;

import java.util.Optional;

/**
 * What a check of a whole ledger found.
 *
 * @param entries how many entries were checked, the bad one included
 * @param receipts how many of them are receipts with both signatures good
 * @param fault the first thing that is wrong; empty when all is well
 */
public record Verification(long entries, long receipts, Optional<Fault> fault) {
  /**
   * The first thing that is wrong.
   *
   * @param sequence the entry at which it shows
   */
  public record Fault(long sequence, String cause) {}

  /** Hears how far a check has come. */
  @FunctionalInterface
  public interface Progress {
    /** Called now and then with entries checked and entries in all. */
    void at(long checked, long total);
  }

  /** Whether nothing is wrong. */
  public boolean valid() {
    return fault.isEmpty();
  }
}
