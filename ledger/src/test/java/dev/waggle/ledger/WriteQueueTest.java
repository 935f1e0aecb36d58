package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is written when, and what is refused. */
@Timeout(20)
class WriteQueueTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration COMPANY = WriteQueue.UNHURRIED_MAX;

  private final WriteQueue queue = new WriteQueue();

  private List<Write> take(int most) {
    try {
      return queue.take(most, LONG, COMPANY);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Write.Settled write() {
    return new Write.Settled(1, new CompletableFuture<>());
  }

  private static String failure(Write.Settled write) {
    return write.done().handle((nothing, failure) -> String.valueOf(failure)).getNow("not failed");
  }

  @Test
  void unhurried_goesWithTheNextUrgentOne_orByItself() throws Exception {
    Write unhurried = write();
    Write urgent = write();
    queue.unhurried(unhurried);
    queue.urgent(urgent);
    assertThat(take(10)).containsExactly(unhurried, urgent);
    long begin = System.nanoTime();
    queue.unhurried(unhurried);
    assertThat(take(10)).containsExactly(unhurried);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(COMPANY);
    AtomicReference<List<Write>> taken = new AtomicReference<>();
    Thread taker = new Thread(() -> taken.set(take(10)));
    taker.start();
    await().until(() -> taker.getState() == Thread.State.TIMED_WAITING);
    queue.unhurried(unhurried);
    taker.join();
    assertThat(taken.get()).containsExactly(unhurried);
    assertThat(queue.take(10, Duration.ofMillis(1), COMPANY)).isEmpty();
  }

  @Test
  void batch_isLimited_andHasRoomForBoth() throws Exception {
    for (int i = 0; i < 8; i++) {
      queue.unhurried(write());
    }
    Write urgent = write();
    queue.urgent(urgent);
    assertThat(take(4)).hasSize(3).contains(urgent);
    assertThat(take(100)).hasSize(6);
  }

  @Test
  void fullOrClosedQueue_refuses_andWhatIsThereIsStillHandedOut() throws Exception {
    for (int i = 0; i < Ledger.WAITING_WRITES_MAX; i++) {
      queue.urgent(write());
    }
    Write.Settled tooMuch = write();
    queue.urgent(tooMuch);
    assertThat(failure(tooMuch)).contains("too many writes");
    queue.close();
    Write.Settled late = write();
    queue.unhurried(late);
    assertThat(failure(late)).contains("closed");
    assertThat(take(Integer.MAX_VALUE)).hasSize(Ledger.WAITING_WRITES_MAX);
    assertThat(take(10)).isEmpty();
  }

  @Test
  void abandonedQueue_failsWhatIsThere() {
    Write.Settled urgent = write();
    Write.Settled unhurried = write();
    queue.urgent(urgent);
    queue.unhurried(unhurried);
    assertThat(queue.isWaiting(urgent::equals)).isTrue();
    queue.abandon();
    assertThat(failure(urgent)).contains("closed");
    assertThat(failure(unhurried)).contains("closed");
    assertThat(queue.isOver()).isTrue();
  }
}
