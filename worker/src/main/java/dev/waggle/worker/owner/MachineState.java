package dev.waggle.worker.owner;

import java.util.OptionalInt;

/**
 * How this machine is at a moment.
 *
 * @param battery its charge in percent, 0 to 100; empty for a machine without one
 * @param onMains whether it draws from the mains; true without a battery
 * @param cpuPercent how busy all its processors are, 0 to 100
 * @param freeMemoryMb memory that programs can still have, in MiB
 * @param heat how hot it is
 */
public record MachineState(
    OptionalInt battery, boolean onMains, int cpuPercent, long freeMemoryMb, Heat heat) {
  /** A machine that nothing is known of: nothing stands in the way. */
  public static final MachineState UNKNOWN =
      new MachineState(OptionalInt.empty(), true, 0, Long.MAX_VALUE, Heat.NORMAL);

  /** How hot a machine is. */
  public enum Heat {
    /** As it should be, or unknown. */
    NORMAL,
    /** It slows itself down, or is about to. */
    SERIOUS,
    /** It is about to switch itself off. */
    CRITICAL
  }
}
