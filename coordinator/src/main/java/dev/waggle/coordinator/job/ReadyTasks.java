package dev.waggle.coordinator.job;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Tasks that anybody may claim, in the order in which that should happen: members share by how much
 * of theirs is held already, then in turn; of a member's tasks the more urgent goes first, then the
 * older. Not thread-safe.
 */
final class ReadyTasks {
  /** A task that is ready. */
  record Entry(long task, int priority, String member, String need) {
    private static final Comparator<Entry> ORDER =
        Comparator.comparingInt((Entry each) -> -each.priority).thenComparingLong(Entry::task);
  }

  private static final class Share {
    final Map<String, TreeSet<Entry>> byNeed = new HashMap<>();
    int held;
    long lastTurn;

    Optional<Entry> first(Predicate<String> needs) {
      return byNeed.entrySet().stream()
          .filter(each -> !each.getValue().isEmpty() && needs.test(each.getKey()))
          .map(each -> each.getValue().first())
          .min(Entry.ORDER);
    }
  }

  private final Map<String, Share> shares = new HashMap<>();
  private final Map<Long, Entry> entries = new HashMap<>();
  private long turns;

  void add(Entry entry) {
    if (entries.putIfAbsent(entry.task, entry) == null) {
      share(entry.member)
          .byNeed
          .computeIfAbsent(entry.need, need -> new TreeSet<>(Entry.ORDER))
          .add(entry);
    }
  }

  void remove(long task) {
    Entry entry = entries.remove(task);
    if (entry != null) {
      Share share = share(entry.member);
      TreeSet<Entry> same = share.byNeed.get(entry.need);
      if (same != null) {
        same.remove(entry);
        if (same.isEmpty()) {
          share.byNeed.remove(entry.need);
        }
      }
      drop(entry.member, share);
    }
  }

  /** The next of those whose need somebody can meet, which is held from now on. */
  Optional<Entry> take(Predicate<String> needs) {
    Optional<Entry> next =
        shares.values().stream()
            .filter(each -> each.first(needs).isPresent())
            .min(
                Comparator.comparingInt((Share each) -> each.held)
                    .thenComparingLong(each -> each.lastTurn)
                    .thenComparingLong(each -> each.first(needs).map(Entry::task).orElse(0L)))
            .flatMap(each -> each.first(needs));
    next.ifPresent(
        entry -> {
          Share share = share(entry.member);
          share.lastTurn = ++turns;
          share.held++;
          remove(entry.task);
        });
    return next;
  }

  /** A task of a member is held, as it was before a restart. */
  void onHeld(String member) {
    share(member).held++;
  }

  /** A task of a member is held no more. */
  void onReleased(String member) {
    Share share = share(member);
    share.held--;
    drop(member, share);
  }

  /** What the ready tasks need. */
  Collection<String> needs() {
    return shares.values().stream()
        .flatMap(each -> each.byNeed.keySet().stream())
        .distinct()
        .toList();
  }

  void clear() {
    shares.clear();
    entries.clear();
  }

  private Share share(String member) {
    return shares.computeIfAbsent(member, name -> new Share());
  }

  private void drop(String member, Share share) {
    if (share.held <= 0 && share.byNeed.isEmpty()) {
      shares.remove(member);
    }
  }
}
