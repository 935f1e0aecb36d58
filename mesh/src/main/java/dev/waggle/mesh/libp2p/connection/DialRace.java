package dev.waggle.mesh.libp2p.connection;

import dev.waggle.mesh.libp2p.DialException;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Tries the addresses of one peer in order, the next one as soon as the last failed or is late; the
 * first that succeeds wins and the others are closed (in the manner of RFC 8305). Addresses that
 * lead through a relay come last, and only when the direct ones have failed or are very late.
 */
final class DialRace {
  /** The most addresses that are tried for one dial. */
  static final int ADDRESSES_MAX = 16;

  private static final Duration STAGGER = Duration.ofMillis(250);

  /** How long direct addresses have before a relay is used. */
  private static final Duration DIRECT_FIRST = Duration.ofMillis(1_500);

  private final Function<Multiaddr, CompletableFuture<HostConnection>> dial;
  private final ScheduledExecutorService timer;
  private final Deque<Multiaddr> untried;
  private final List<String> failures = new ArrayList<>();
  private final CompletableFuture<HostConnection> winner = new CompletableFuture<>();
  private final long begin;
  private int running;

  DialRace(
      List<Multiaddr> addresses,
      Function<Multiaddr, CompletableFuture<HostConnection>> dial,
      ScheduledExecutorService timer) {
    this.dial = dial;
    this.timer = timer;
    List<Multiaddr> order = new ArrayList<>(addresses);
    order.sort(Comparator.comparing(Multiaddr::isCircuit));
    this.untried = new ArrayDeque<>(order.subList(0, Math.min(ADDRESSES_MAX, order.size())));
    this.begin = System.nanoTime();
  }

  CompletableFuture<HostConnection> run() {
    next();
    return winner;
  }

  private synchronized void next() {
    Multiaddr address = untried.peek();
    if (winner.isDone() || address == null) {
      return;
    }
    long patience = DIRECT_FIRST.toNanos() - (System.nanoTime() - begin);
    if (address.isCircuit() && running > 0 && patience > 0) {
      timer.schedule(this::next, patience, TimeUnit.NANOSECONDS);
      return;
    }
    untried.remove();
    running++;
    dial.apply(address).whenComplete((made, failure) -> onEnd(address, made, failure));
    timer.schedule(this::next, STAGGER.toMillis(), TimeUnit.MILLISECONDS);
  }

  private synchronized void onEnd(
      Multiaddr address,
      @org.jspecify.annotations.Nullable HostConnection made,
      @org.jspecify.annotations.Nullable Throwable failure) {
    running--;
    if (made != null) {
      if (!winner.complete(made)) {
        made.close();
      }
      return;
    }
    failures.add(
        address + ": " + (failure == null ? "failed" : Failures.cause(failure).getMessage()));
    if (!untried.isEmpty()) {
      next();
    } else if (running == 0) {
      winner.completeExceptionally(new DialException(String.join("; ", failures)));
    }
  }
}
