package dev.waggle.worker;

import dev.waggle.mesh.swarm.exchange.ClaimId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Decides who gets a place and who runs next. Performs no I/O, reads no clock; not thread-safe.
 *
 * <p>A claim holds a place from its acceptance to its end. It becomes ready with its assignment,
 * and runs, first come first served, once a slot and its model are free.
 */
final class Admission {
  private enum State {
    HELD,
    READY,
    RUNNING
  }

  private static final class Place {
    final String model;
    State state = State.HELD;

    Place(String model) {
      this.model = model;
    }
  }

  private final Limits limits;
  private final Map<ClaimId, Place> places = new LinkedHashMap<>();

  Admission(Limits limits) {
    this.limits = limits;
  }

  /**
   * Gives a claim a place.
   *
   * @return how many go before it; empty when all places are taken
   */
  Optional<Integer> claim(ClaimId claim, String model) {
    if (places.size() >= limits.slots() + limits.queue() || limits.slots() == 0) {
      return Optional.empty();
    }
    int ofModel = (int) places.values().stream().filter(each -> each.model.equals(model)).count();
    int before =
        Math.max(
            Math.max(0, places.size() + 1 - limits.slots()),
            Math.max(0, ofModel + 1 - limits.slotsPerModel()));
    places.put(claim, new Place(model));
    return Optional.of(before);
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
    places.remove(claim);
    return runnable();
  }

  /** Whether the claim has a place and does not run. */
  boolean isWaiting(ClaimId claim) {
    Place place = places.get(claim);
    return place != null && place.state != State.RUNNING;
  }

  int running() {
    return (int) places.values().stream().filter(each -> each.state == State.RUNNING).count();
  }

  int queued() {
    return places.size() - running();
  }

  private List<ClaimId> runnable() {
    Map<String, Integer> byModel = new HashMap<>();
    int running = 0;
    for (Place place : places.values()) {
      if (place.state == State.RUNNING) {
        running++;
        byModel.merge(place.model, 1, Integer::sum);
      }
    }
    List<ClaimId> start = new ArrayList<>();
    for (Map.Entry<ClaimId, Place> each : places.entrySet()) {
      Place place = each.getValue();
      if (running < limits.slots()
          && place.state == State.READY
          && byModel.getOrDefault(place.model, 0) < limits.slotsPerModel()) {
        place.state = State.RUNNING;
        running++;
        byModel.merge(place.model, 1, Integer::sum);
        start.add(each.getKey());
      }
    }
    return start;
  }
}
