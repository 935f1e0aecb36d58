package dev.waggle.mesh.libp2p.connection;

import dev.waggle.mesh.libp2p.DialException;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tries the addresses of one peer in order, the next one as soon as the last failed or is late (in
 * the manner of RFC 8305). Addresses that lead through a relay come last, and only when the direct
 * ones have failed or are very late.
 *
 * <p>The first that is reached is secured, and the others only when that fails or takes very long:
 * never two at once. A peer keeps one connection of two, and which one came first does not look the
 * same from both ends.
 */
final class DialRace {
  /** The most addresses that are tried for one dial. */
  static final int ADDRESSES_MAX = 16;

  private static final Duration STAGGER = Duration.ofMillis(250);

  /** How long direct addresses have before a relay is used. */
  private static final Duration DIRECT_FIRST = Duration.ofMillis(1_500);

  /** How long others wait while one is secured: half of what it may take when it is the last. */
  private static final Duration SECURING_FIRST = Upgrader.UPGRADE_MAX.dividedBy(2);

  /** Makes connections in two steps. */
  interface Dialing {
    /** Opens a channel to the address; nothing is read from it yet. */
    CompletableFuture<Channel> reach(Multiaddr address);

    /** Makes a connection of a channel, or closes it. */
    CompletableFuture<HostConnection> secure(Channel channel, Multiaddr address);
  }

  private record Reached(Multiaddr address, Channel channel) {}

  private final Dialing dialing;
  private final ScheduledExecutorService timer;
  private final Deque<Multiaddr> untried;
  private final Deque<Reached> waiting = new ArrayDeque<>();
  private final List<String> failures = new ArrayList<>();
  private final CompletableFuture<HostConnection> winner = new CompletableFuture<>();
  private final long begin;
  private int reaching;
  private @Nullable Channel securing;
  private boolean late;

  DialRace(List<Multiaddr> addresses, Dialing dialing, ScheduledExecutorService timer) {
    this.dialing = dialing;
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
    if (winner.isDone() || (securing != null && !late) || address == null) {
      return;
    }
    long patience = DIRECT_FIRST.toNanos() - (System.nanoTime() - begin);
    if (address.isCircuit() && reaching > 0 && patience > 0) {
      timer.schedule(this::next, patience, TimeUnit.NANOSECONDS);
      return;
    }
    untried.remove();
    reaching++;
    dialing.reach(address).whenComplete((channel, failure) -> onReached(address, channel, failure));
    timer.schedule(this::next, STAGGER.toMillis(), TimeUnit.MILLISECONDS);
  }

  private synchronized void onReached(
      Multiaddr address, @Nullable Channel channel, @Nullable Throwable failure) {
    reaching--;
    if (channel == null) {
      onFailed(address, failure);
    } else if (winner.isDone()) {
      channel.close();
    } else if (securing == null) {
      secure(address, channel);
    } else {
      waiting.add(new Reached(address, channel));
      giveWay();
    }
  }

  private void secure(Multiaddr address, Channel channel) {
    securing = channel;
    late = false;
    dialing
        .secure(channel, address)
        .whenComplete((made, failure) -> onSecured(address, made, failure));
    timer.schedule(() -> onLate(channel), SECURING_FIRST.toMillis(), TimeUnit.MILLISECONDS);
  }

  private synchronized void onLate(Channel channel) {
    if (channel == securing) {
      late = true;
      giveWay();
      next();
    }
  }

  /** Whoever is late ends when another waits. */
  private void giveWay() {
    if (late && securing != null && !waiting.isEmpty()) {
      securing.close();
    }
  }

  private synchronized void onSecured(
      Multiaddr address, @Nullable HostConnection made, @Nullable Throwable failure) {
    securing = null;
    if (made == null) {
      onFailed(address, failure);
      return;
    }
    winner.complete(made);
    waiting.forEach(each -> each.channel().close());
  }

  private void onFailed(Multiaddr address, @Nullable Throwable failure) {
    failures.add(
        address + ": " + (failure == null ? "failed" : Failures.cause(failure).getMessage()));
    if (securing != null) {
      return;
    }
    Reached reached = waiting.poll();
    if (reached != null) {
      secure(reached.address(), reached.channel());
    } else if (!untried.isEmpty()) {
      next();
    } else if (reaching == 0) {
      winner.completeExceptionally(new DialException(String.join("; ", failures)));
    }
  }
}
