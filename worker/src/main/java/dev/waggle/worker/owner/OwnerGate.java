package dev.waggle.worker.owner;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.RecentMap;
import dev.waggle.mesh.swarm.exchange.OfferReply.Reason;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.label.LabelRule;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;

/**
 * Decides whether a member's task may run here now. Performs no I/O, reads no clock; not
 * thread-safe.
 */
public final class OwnerGate {
  /** For how long a busy processor puts off a task. */
  static final Duration DEFERRAL = Duration.ofSeconds(5);

  /** The longest task that a battery at half its strength is spent on. */
  static final Duration SHORT_TASK = Duration.ofSeconds(10);

  static final int BATTERY_NONE_BELOW = 15;
  static final int BATTERY_SHORT_UP_TO = 40;

  private static final Duration CLOSED_RETRY = Duration.ofMinutes(1);
  private static final Duration BLOCKED_RETRY = Duration.ofHours(1);
  private static final Duration CREDITS_RETRY = Duration.ofMinutes(10);
  private static final Duration PERIOD = Duration.ofHours(1);
  private static final int MEMBERS_MAX = 1_000;

  private final OwnerRules rules;
  private final ZoneId zone;
  private final Map<PeerId, Deque<Instant>> taken = new RecentMap<>(MEMBERS_MAX);
  private Instant pausedUntil = Instant.MIN;

  /**
   * @param zone where the machine is, for its hours
   */
  public OwnerGate(OwnerRules rules, ZoneId zone) {
    this.rules = rules;
    this.zone = zone;
  }

  /**
   * Why a task is not taken.
   *
   * @param why for people
   * @param retryAfter when it may be otherwise
   */
  public record Refusal(Reason reason, String why, Duration retryAfter) {}

  /**
   * Somebody who wants a task to be run.
   *
   * @param name what the swarm calls the member
   * @param here how many tasks of it are here already, waiting or running
   * @param task what it has to have
   * @param owed the credits that it owes this node for the last day
   * @param expected how long the task will take, as far as that can be told
   */
  public record Asking(
      PeerId member,
      String name,
      int here,
      Requirements task,
      double owed,
      Optional<Duration> expected) {}

  /** Takes nothing more of others' until that moment. */
  public void pause(Instant until) {
    pausedUntil = until;
  }

  /** Until when it is paused; empty when it is not. */
  public Optional<Instant> pausedUntil(Instant now) {
    return now.isBefore(pausedUntil) ? Optional.of(pausedUntil) : Optional.empty();
  }

  /** Why nobody's task may run now, whatever it is. */
  public Optional<Refusal> closed(MachineState state, Instant now) {
    if (now.isBefore(pausedUntil)) {
      return refuse(Reason.OWNER, "its owner has paused it", CLOSED_RETRY);
    }
    LocalDateTime local = LocalDateTime.ofInstant(now, zone);
    if (!rules.hours().isEmpty() && rules.hours().stream().noneMatch(each -> each.include(local))) {
      return refuse(Reason.OWNER, "it works for others at other hours", CLOSED_RETRY);
    }
    if (rules.powerAware() && state.heat() != MachineState.Heat.NORMAL) {
      return refuse(Reason.OWNER, "it is too hot", CLOSED_RETRY);
    }
    if (onBattery(state) && state.battery().getAsInt() < BATTERY_NONE_BELOW) {
      return refuse(Reason.OWNER, "its battery is low", CLOSED_RETRY);
    }
    return Optional.empty();
  }

  /** Why a member's task is not to run now; empty when it may. */
  public Optional<Refusal> check(Asking asking, MachineState state, Instant now) {
    if (rules.blocked().contains(asking.member().toString())
        || rules.blocked().contains(asking.name())) {
      return refuse(Reason.NOT_PERMITTED, "its owner has blocked the member", BLOCKED_RETRY);
    }
    Optional<String> broken =
        LabelRule.broken(rules.labels(), asking.task().labels(), asking.task().model());
    if (broken.isPresent()) {
      return refuse(Reason.LABELS, broken.get(), BLOCKED_RETRY);
    }
    Optional<Refusal> closed = closed(state, now);
    if (closed.isPresent()) {
      return closed;
    }
    boolean isShort = asking.expected().map(time -> time.compareTo(SHORT_TASK) <= 0).orElse(false);
    if (onBattery(state) && state.battery().getAsInt() <= BATTERY_SHORT_UP_TO && !isShort) {
      return refuse(Reason.OWNER, "its battery is for short tasks only", CLOSED_RETRY);
    }
    if (state.freeMemoryMb() < rules.freeMemoryMbMin()) {
      return refuse(Reason.DEFERRED, "it has too little free memory", DEFERRAL);
    }
    if (rules.powerAware() && state.cpuPercent() > rules.cpuPercentMax()) {
      return refuse(Reason.DEFERRED, "it is busy with other work", DEFERRAL);
    }
    return quota(asking, now);
  }

  private Optional<Refusal> quota(Asking asking, Instant now) {
    if (rules.memberSlots() > 0 && asking.here() >= rules.memberSlots()) {
      return refuse(
          Reason.QUOTA,
          "a member may have " + rules.memberSlots() + " tasks at once there",
          DEFERRAL);
    }
    Deque<Instant> recent = taken.getOrDefault(asking.member(), new ArrayDeque<>());
    while (!recent.isEmpty() && !recent.peek().plus(PERIOD).isAfter(now)) {
      recent.remove();
    }
    if (rules.memberTasksPerHour() > 0 && recent.size() >= rules.memberTasksPerHour()) {
      return refuse(
          Reason.QUOTA,
          "a member may have " + rules.memberTasksPerHour() + " tasks an hour there",
          Duration.between(now, recent.element().plus(PERIOD)));
    }
    if (rules.memberCreditsPerDay() > 0 && asking.owed() >= rules.memberCreditsPerDay()) {
      return refuse(
          Reason.QUOTA,
          "a member may owe "
              + rules.memberCreditsPerDay()
              + " credits there for a day, more than it earned of it",
          CREDITS_RETRY);
    }
    return Optional.empty();
  }

  /** A member's task was taken. */
  public void onTaken(PeerId member, Instant now) {
    if (rules.memberTasksPerHour() > 0) {
      taken.computeIfAbsent(member, id -> new ArrayDeque<>()).add(now);
    }
  }

  private boolean onBattery(MachineState state) {
    return rules.powerAware() && state.battery().isPresent() && !state.onMains();
  }

  private static Optional<Refusal> refuse(Reason reason, String why, Duration retryAfter) {
    return Optional.of(new Refusal(reason, why, retryAfter));
  }
}
