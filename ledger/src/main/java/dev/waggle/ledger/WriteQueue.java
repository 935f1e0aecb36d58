package dev.waggle.ledger;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * What is to be written: what somebody waits for goes at once, what nobody does goes with it, or
 * soon. A commit costs nearly the same for one as for many. Thread-safe.
 */
final class WriteQueue {
  /** How long what nobody waits for waits for others that share its commit. */
  static final Duration UNHURRIED_MAX = Duration.ofMillis(100);

  private static final String CLOSED = "the ledger is closed";

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Write> urgent = new ArrayDeque<>();
  private final Deque<Write> unhurried = new ArrayDeque<>();
  private long unhurriedSince;
  private boolean closed;

  /** Takes what somebody waits for; it fails where there is no room, or no more is taken. */
  void urgent(Write write) {
    offer(urgent, write);
  }

  /** Takes what nobody waits for; it fails where there is no room, or no more is taken. */
  void unhurried(Write write) {
    offer(unhurried, write);
  }

  private void offer(Deque<Write> queue, Write write) {
    String trouble = "";
    lock.lock();
    try {
      if (closed) {
        trouble = CLOSED;
      } else if (queue.size() >= Ledger.WAITING_WRITES_MAX) {
        trouble = "too many writes wait for the disk";
      } else {
        if (queue == unhurried && unhurried.isEmpty()) {
          unhurriedSince = System.nanoTime();
        }
        queue.add(write);
        if (queue.size() == 1) {
          changed.signal();
        }
      }
    } finally {
      lock.unlock();
    }
    if (!trouble.isEmpty()) {
      write.fail(new LedgerException(trouble));
    }
  }

  /**
   * Waits until something is to be written, and hands it out: first what nobody waits for, for it
   * is older or of no importance.
   *
   * @param most how much at once
   * @param patience how long to wait for it
   * @param company how long what nobody waits for waits for others, {@link #UNHURRIED_MAX} usually
   * @return empty if nothing came in that time, or nothing comes any more
   */
  List<Write> take(int most, Duration patience, Duration company) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    lock.lockInterruptibly();
    try {
      while (urgent.isEmpty() && !closed && nanosUntilDue(end, company) > 0) {
        changed.awaitNanos(nanosUntilDue(end, company));
      }
      List<Write> taken = new ArrayList<>();
      move(unhurried, most / 2, taken);
      move(urgent, most - taken.size(), taken);
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** How long what is here can still wait, at most until the end of somebody's patience. */
  private long nanosUntilDue(long end, Duration company) {
    long now = System.nanoTime();
    long patience = end - now;
    return unhurried.isEmpty()
        ? patience
        : Math.min(patience, unhurriedSince + company.toNanos() - now);
  }

  private static void move(Deque<Write> from, int most, List<Write> to) {
    for (int i = 0; i < most && !from.isEmpty(); i++) {
      to.add(from.remove());
    }
  }

  /** Whether somebody waits for such a write. */
  boolean isWaiting(Predicate<Write> which) {
    lock.lock();
    try {
      return urgent.stream().anyMatch(which);
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more, and fails what is here. */
  void abandon() {
    close();
    List<Write> left = new ArrayList<>();
    lock.lock();
    try {
      move(unhurried, Integer.MAX_VALUE, left);
      move(urgent, Integer.MAX_VALUE, left);
    } finally {
      lock.unlock();
    }
    left.forEach(each -> each.fail(new LedgerException(CLOSED)));
  }

  /** Takes no more; what is here can still be taken. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing is here, and nothing comes any more. */
  boolean isOver() {
    lock.lock();
    try {
      return closed && urgent.isEmpty() && unhurried.isEmpty();
    } finally {
      lock.unlock();
    }
  }
}
