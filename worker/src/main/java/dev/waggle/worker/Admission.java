package dev.waggle.worker;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Places for claims: slots that run, and a queue before them. Not thread-safe.
 *
 * <p>Members share the node's time by deficit round robin (Shreedhar and Varghese): in turn, each
 * is given a {@link #QUANTUM} until it can pay what its next task is expected to take; what the
 * task really took is settled when it ends. Among a member's tasks the more urgent goes first, then
 * the older. Tasks of low priority run when no other could. A part of the queue is kept for members
 * that have nothing here yet, so that nobody can take it all.
 */
final class Admission {
  /** Which part of the queue is kept for members that have nothing here yet: one in so many. */
  static final int RESERVED_PART = 4;

  /** What a member is given in a round. */
  static final Duration QUANTUM = Duration.ofMillis(250);

  private enum State {
    HELD,
    READY,
    RUNNING
  }

  private static final class Place {
    final String model;
    final PeerId member;
    final Priority priority;
    final Duration expected;
    State state = State.HELD;

    Place(String model, PeerId member, Priority priority, Duration expected) {
      this.model = model;
      this.member = member;
      this.priority = priority;
      this.expected = expected;
    }

    boolean isRunning() {
      return state == State.RUNNING;
    }
  }

  private final Limits limits;
  private final Map<ClaimId, Place> places = new LinkedHashMap<>();
  private final Map<PeerId, Account> accounts = new HashMap<>();
  private long turns;

  /** Of a member that has places. */
  private static final class Account {
    /** What it may still use, in milliseconds. */
    long deficit;

    /** The number of its last turn; 0 for who had none. */
    long lastTurn;
  }

  Admission(Limits limits) {
    this.limits = limits;
  }

  /**
   * Gives a claim a place.
   *
   * @param expected how long the task will probably run
   * @return how many go before it, as things are now; empty when there is no place for the member
   */
  Optional<Integer> claim(
      ClaimId claim, String model, PeerId member, Priority priority, Duration expected) {
    int all = limits.slots() + limits.queue();
    boolean isNew = !accounts.containsKey(member);
    int open = isNew ? all : all - limits.queue() / RESERVED_PART;
    if (limits.slots() == 0 || places.size() >= open) {
      return Optional.empty();
    }
    places.put(claim, new Place(model, member, priority, expected));
    accounts.computeIfAbsent(member, id -> new Account());
    return Optional.of(position(claim));
  }

  /**
   * How many go before a claim that waits, as things are now; 0 for one that runs or is unknown.
   */
  int position(ClaimId claim) {
    Place place = places.get(claim);
    if (place == null || place.isRunning()) {
      return 0;
    }
    return Math.max(
        before(claim, place, each -> true, limits.slots()),
        before(claim, place, each -> each.model.equals(place.model), limits.slotsPerModel()));
  }

  /** How many of some places go before a claim's, when so many run at once. */
  private int before(ClaimId claim, Place place, Predicate<Place> which, int atOnce) {
    Map<PeerId, Integer> byMember = new HashMap<>();
    int running = 0;
    boolean later = false;
    int own = 0;
    for (Map.Entry<ClaimId, Place> each : places.entrySet()) {
      Place other = each.getValue();
      if (each.getKey().equals(claim)) {
        later = true;
      } else if (which.test(other)) {
        running += other.isRunning() ? 1 : 0;
        if (!other.member.equals(place.member)) {
          byMember.merge(other.member, 1, Integer::sum);
        } else if (other.isRunning() || goesFirst(other, place, later)) {
          own++;
        }
      }
    }
    int turns = own;
    for (int others : byMember.values()) {
      // Of each other member, as many tasks have their turn first as this one has here.
      turns += place.priority == Priority.LOW ? others : Math.min(others, own + 1);
    }
    return Math.max(0, Math.max(turns, running) + 1 - atOnce);
  }

  private static boolean goesFirst(Place one, Place other, boolean later) {
    int urgency = one.priority.compareTo(other.priority);
    return urgency > 0 || (urgency == 0 && !later);
  }

  /** The claim's task arrived; returns what may run now. */
  List<ClaimId> ready(ClaimId claim) {
    Place place = places.get(claim);
    if (place != null && place.state == State.HELD) {
      place.state = State.READY;
    }
    return runnable();
  }

  /**
   * The claim is over, run or not; returns what may run now.
   *
   * @param took how long it ran
   */
  List<ClaimId> end(ClaimId claim, Duration took) {
    Place ended = places.remove(claim);
    if (ended != null) {
      if (places.values().stream().noneMatch(each -> each.member.equals(ended.member))) {
        accounts.remove(ended.member); // Who comes back begins anew.
      } else if (ended.isRunning()) {
        account(ended.member).deficit += ended.expected.minus(took).toMillis();
      }
    }
    return runnable();
  }

  /** Whether the claim has a place and does not run. */
  boolean isWaiting(ClaimId claim) {
    Place place = places.get(claim);
    return place != null && !place.isRunning();
  }

  int running() {
    return (int) places.values().stream().filter(Place::isRunning).count();
  }

  /** How much is asked of this node: its places that are taken for each slot, in percent. */
  int demandPercent() {
    return 100 * places.size() / Math.max(1, limits.slots());
  }

  int queued() {
    return places.size() - running();
  }

  /** How long what waits here will keep a slot, all together, if it takes what is expected. */
  Duration expectedWait() {
    Duration waiting =
        places.values().stream()
            .filter(each -> !each.isRunning())
            .map(each -> each.expected)
            .reduce(Duration.ZERO, Duration::plus);
    return waiting.dividedBy(Math.max(1, limits.slots()));
  }

  private List<ClaimId> runnable() {
    List<ClaimId> start = new ArrayList<>();
    Optional<Map.Entry<ClaimId, Place>> next = next();
    while (next.isPresent()) {
      Place place = next.get().getValue();
      place.state = State.RUNNING;
      start.add(next.get().getKey());
      next = next();
    }
    return start;
  }

  private Optional<Map.Entry<ClaimId, Place>> next() {
    if (running() >= limits.slots()) {
      return Optional.empty();
    }
    Map<PeerId, Map.Entry<ClaimId, Place>> firsts = firsts(each -> each.priority != Priority.LOW);
    if (firsts.isEmpty()) {
      firsts = firsts(each -> true);
    }
    Optional<Map.Entry<ClaimId, Place>> next =
        firsts.values().stream()
            .min(
                Map.Entry.comparingByValue(
                    Comparator.comparing(this::rounds)
                        // Of equals the one whose last turn is longest ago.
                        .thenComparing(each -> account(each.member).lastTurn)));
    if (next.isPresent()) {
      pay(next.get().getValue(), firsts.keySet());
    }
    return next;
  }

  private Account account(PeerId member) {
    Account account = accounts.get(member);
    if (account == null) {
      throw new AssertionError("a member with a place has an account");
    }
    return account;
  }

  /** Of each member that has some, the place that may run first. */
  private Map<PeerId, Map.Entry<ClaimId, Place>> firsts(Predicate<Place> which) {
    Map<String, Long> byModel =
        places.values().stream()
            .filter(Place::isRunning)
            .collect(Collectors.groupingBy(each -> each.model, Collectors.counting()));
    Map<PeerId, Map.Entry<ClaimId, Place>> firsts = new LinkedHashMap<>();
    for (Map.Entry<ClaimId, Place> each : places.entrySet()) {
      Place place = each.getValue();
      if (place.state == State.READY
          && which.test(place)
          && byModel.getOrDefault(place.model, 0L) < limits.slotsPerModel()) {
        firsts.merge(
            place.member,
            each,
            (first, other) -> goesFirst(other.getValue(), first.getValue(), true) ? other : first);
      }
    }
    return firsts;
  }

  /** How many rounds it takes until the member can pay for a place. */
  private long rounds(Place place) {
    long missing = place.expected.toMillis() - account(place.member).deficit;
    return missing <= 0 ? 0 : (missing - 1) / QUANTUM.toMillis() + 1;
  }

  private void pay(Place place, Set<PeerId> sharing) {
    long rounds = rounds(place);
    sharing.forEach(each -> account(each).deficit += rounds * QUANTUM.toMillis());
    Account account = account(place.member);
    account.deficit -= place.expected.toMillis();
    account.lastTurn = ++turns;
  }
}
