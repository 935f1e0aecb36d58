package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is written when, and what is refused. */
@Timeout(20)
class WriteQueueTest {
  private static final Duration LONG = Duration.ofHours(1);

  private final WriteQueue queue = new WriteQueue();

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
    assertThat(queue.take(10, LONG)).containsExactly(unhurried, urgent);
    queue.unhurried(unhurried);
    assertThat(queue.take(10, LONG)).containsExactly(unhurried);
    CompletableFuture<List<Write>> taken =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return queue.take(10, LONG);
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    queue.unhurried(unhurried);
    assertThat(taken.get()).as("taken by who waited before it came").containsExactly(unhurried);
    assertThat(queue.take(10, Duration.ofMillis(1))).isEmpty();
  }

  @Test
  void batch_isLimited_andHasRoomForBoth() throws Exception {
    for (int i = 0; i < 8; i++) {
      queue.unhurried(write());
    }
    Write urgent = write();
    queue.urgent(urgent);
    assertThat(queue.take(4, LONG)).hasSize(3).contains(urgent);
    assertThat(queue.take(100, LONG)).hasSize(6);
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
    assertThat(queue.take(Integer.MAX_VALUE, LONG)).hasSize(Ledger.WAITING_WRITES_MAX);
    assertThat(queue.take(10, LONG)).isEmpty();
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
    assertThat(queue.isClosed()).isTrue();
  }
}
