package dev.waggle.coordinator;

import dev.waggle.ledger.Ledger;
import dev.waggle.ledger.Settlement;
import dev.waggle.mesh.swarm.exchange.Exchange;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers receipts signed by both sides to their workers, again and again until each acknowledges.
 *
 * <p>What is to be delivered is in the ledger, written in one commit with the receipt, so a kill
 * loses nothing. Reading it may wait for the disk and runs on the timer's threads.
 */
final class Settler implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Settler.class);
  private static final Duration ROUND = Duration.ofSeconds(5);
  private static final int ROUND_RECEIPTS_MAX = 64;
  // Each takes a stream of its worker's connection.
  private static final int UNDER_WAY_MAX = 256;

  private final Exchange exchange;
  private final Ledger ledger;
  private final ScheduledExecutorService timer;
  private final Set<Long> underWay = ConcurrentHashMap.newKeySet();
  private volatile boolean more;
  private volatile @Nullable ScheduledFuture<?> rounds;

  Settler(Exchange exchange, Ledger ledger, ScheduledExecutorService timer) {
    this.exchange = exchange;
    this.ledger = ledger;
    this.timer = timer;
  }

  void start() {
    rounds =
        timer.scheduleWithFixedDelay(
            this::round, ROUND.toMillis(), ROUND.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** A receipt was just recorded: it is delivered soon, unless many are under way. */
  void deliverSoon(Settlement recorded) {
    if (rounds != null && underWay.size() < UNDER_WAY_MAX) {
      timer.execute(() -> deliver(recorded));
    } else {
      more = true;
    }
  }

  private void round() {
    List<Settlement> pending;
    try {
      pending = ledger.pendingSettlements(ROUND_RECEIPTS_MAX);
    } catch (RuntimeException e) {
      log.warn("cannot read the receipts that are to be delivered: {}", e.getMessage());
      return;
    }
    more = pending.size() == ROUND_RECEIPTS_MAX;
    pending.forEach(this::deliver);
  }

  private void deliver(Settlement each) {
    if (!underWay.add(each.sequence())) {
      return;
    }
    exchange
        .settle(each.worker(), each.receipt().bytes())
        .thenCompose(delivered -> ledger.settled(each.sequence()))
        .whenComplete(
            (done, failure) -> {
              underWay.remove(each.sequence());
              if (failure == null && more && underWay.isEmpty() && rounds != null) {
                timer.execute(this::round);
              }
              if (failure != null) {
                log.debug(
                    "receipt {} is not with {} yet: {}",
                    each.sequence(),
                    each.worker(),
                    failure.getMessage());
              }
            });
  }

  @Override
  public void close() {
    ScheduledFuture<?> scheduled = rounds;
    if (scheduled != null) {
      scheduled.cancel(false);
    }
    rounds = null;
  }
}
