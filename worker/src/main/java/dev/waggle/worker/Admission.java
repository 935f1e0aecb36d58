package dev.waggle.worker;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Decides who gets a place and who runs next. Performs no I/O, reads no clock; not thread-safe.
 *
 * <p>A claim holds a place from its acceptance to its end. It becomes ready with its assignment and
 * runs once a slot and its model are free. Members take turns: of those with a ready task the one
 * with the fewest running is next, then the one whose last turn is longest ago, and its oldest
 * task. The last part of the queue is for members that have nothing here yet, so that nobody can
 * take it all.
 */
final class Admission {
  /** Which part of the queue is kept for members that have nothing here yet: one in so many. */
  static final int RESERVED_PART = 4;

  private enum State {
    HELD,
    READY,
    RUNNING
  }

  private static final class Place {
    final String model;
    final PeerId member;
    State state = State.HELD;

    Place(String model, PeerId member) {
      this.model = model;
      this.member = member;
    }

    boolean isRunning() {
      return state == State.RUNNING;
    }
  }

  private final Limits limits;
  private final Map<ClaimId, Place> places = new LinkedHashMap<>();
  // Of members that have places; who comes back begins anew.
  private final Map<PeerId, Long> lastTurns = new HashMap<>();
  private long turns;

  Admission(Limits limits) {
    this.limits = limits;
  }

  /**
   * Gives a claim a place.
   *
   * @return how many go before it, as things are now; empty when there is no place for the member
   */
  Optional<Integer> claim(ClaimId claim, String model, PeerId member) {
    int all = limits.slots() + limits.queue();
    boolean isNew = places.values().stream().noneMatch(each -> each.member.equals(member));
    int open = isNew ? all : all - limits.queue() / RESERVED_PART;
    if (limits.slots() == 0 || places.size() >= open) {
      return Optional.empty();
    }
    int before =
        Math.max(
            before(member, each -> true, limits.slots()),
            before(member, each -> each.model.equals(model), limits.slotsPerModel()));
    places.put(claim, new Place(model, member));
    return Optional.of(before);
  }

  /** How many of some places go before the next one of a member, when so many run at once. */
  private int before(PeerId member, Predicate<Place> which, int atOnce) {
    Map<PeerId, Integer> byMember = count(which, each -> each.member);
    int own = byMember.getOrDefault(member, 0);
    int running = (int) places.values().stream().filter(which).filter(Place::isRunning).count();
    // Of each other member, as many tasks have their turn first as this one has here.
    int turns =
        byMember.entrySet().stream()
            .mapToInt(
                each -> each.getKey().equals(member) ? own : Math.min(each.getValue(), own + 1))
            .sum();
    return Math.max(0, Math.max(turns, running) + 1 - atOnce);
  }

  private <K> Map<K, Integer> count(Predicate<Place> which, Function<Place, K> by) {
    return places.values().stream()
        .filter(which)
        .collect(Collectors.groupingBy(by, Collectors.summingInt(each -> 1)));
  }

  /** The claim's task arrived; returns what may run now. */
  List<ClaimId> ready(ClaimId claim) {
    Place place = places.get(claim);
    if (place != null && place.state == State.HELD) {
      place.state = State.READY;
    }
    return runnable();
  }

  /** The claim is over, run or not; returns what may run now. */
  List<ClaimId> end(ClaimId claim) {
    Place ended = places.remove(claim);
    if (ended != null
        && places.values().stream().noneMatch(each -> each.member.equals(ended.member))) {
      lastTurns.remove(ended.member);
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

  private List<ClaimId> runnable() {
    List<ClaimId> start = new ArrayList<>();
    Optional<Map.Entry<ClaimId, Place>> next = next();
    while (next.isPresent()) {
      Place place = next.get().getValue();
      place.state = State.RUNNING;
      lastTurns.put(place.member, ++turns);
      start.add(next.get().getKey());
      next = next();
    }
    return start;
  }

  private Optional<Map.Entry<ClaimId, Place>> next() {
    if (running() >= limits.slots()) {
      return Optional.empty();
    }
    Map<String, Integer> byModel = count(Place::isRunning, each -> each.model);
    Map<PeerId, Integer> byMember = count(Place::isRunning, each -> each.member);
    Comparator<Place> fewest = Comparator.comparing(each -> byMember.getOrDefault(each.member, 0));
    Comparator<Place> longestAgo =
        Comparator.comparing(each -> lastTurns.getOrDefault(each.member, 0L));
    // The first of equals is the oldest.
    return places.entrySet().stream()
        .filter(each -> each.getValue().state == State.READY)
        .filter(each -> byModel.getOrDefault(each.getValue().model, 0) < limits.slotsPerModel())
        .min(Map.Entry.comparingByValue(fewest.thenComparing(longestAgo)));
  }
}
