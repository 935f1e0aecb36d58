package dev.waggle.mesh.swarm.membership;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** How far members' clocks may be apart. */
public final class ClockSkew {
  /** The most that is tolerated. */
  public static final Duration MAX = Duration.ofMinutes(2);

  private ClockSkew() {}

  /**
   * Refuses a peer whose clock shows quite another time.
   *
   * @throws MembershipException saying by how much, and what both clocks show
   */
  static void requireTogether(Instant own, Instant other) throws MembershipException {
    Optional<String> apart = describe(own, other);
    if (apart.isPresent()) {
      throw new ClockSkewException(apart.get());
    }
  }

  /** By how much two clocks are too far apart, for people; empty when they are not. */
  public static Optional<String> describe(Instant own, Instant other) {
    Duration apart = Duration.between(own, other);
    if (apart.abs().compareTo(MAX) <= 0) {
      return Optional.empty();
    }
    return Optional.of(
        "this machine's clock is "
            + words(apart.abs())
            + (apart.isNegative() ? " ahead of" : " behind")
            + " the peer's: "
            + own.truncatedTo(ChronoUnit.SECONDS)
            + " here, "
            + other.truncatedTo(ChronoUnit.SECONDS)
            + " there (set the clock that is wrong)");
  }

  private static String words(Duration time) {
    if (time.toHours() >= 48) {
      return time.toDays() + " days";
    }
    return time.toMinutes() >= 120 ? time.toHours() + " h" : time.toMinutes() + " min";
  }

  /** Whether something of that age still counts, or counts already, by a clock that may be off. */
  public static boolean isCurrent(Instant issued, Duration timeToLive, Instant now) {
    return !issued.isAfter(now.plus(MAX)) && !issued.plus(timeToLive).plus(MAX).isBefore(now);
  }
}
