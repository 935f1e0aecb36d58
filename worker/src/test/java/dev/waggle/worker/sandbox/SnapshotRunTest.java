package dev.waggle.worker.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.worker.engine.EngineException;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SnapshotRunTest {
  private static SnapshotRun run(SnapshotRun.Files files) {
    return new SnapshotRun(
        files,
        brought -> {
          throw new AssertionError("nothing is to be run");
        });
  }

  @Test
  void cancel_whileTheFilesCome_endsTheRun_andLeavesTheThreadAsItWas() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    SnapshotRun run =
        run(
            () -> {
              begun.countDown();
              new CountDownLatch(1).await();
              throw new AssertionError("nobody counts it down");
            });
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<?> running = thread.submit(() -> run.run(chunk -> {}));
      assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
      run.cancel();
      assertThatThrownBy(() -> running.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(InterruptedException.class);
      assertThat(thread.submit(() -> Thread.currentThread().isInterrupted()).get()).isFalse();
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void filesThatDoNotCome_areNoFaultOfTheTask_soThatAnotherWorkerIsAsked() {
    SnapshotRun run =
        run(
            () -> {
              throw new IOException("not connected directly");
            });
    EngineException failure =
        catchThrowableOfType(EngineException.class, () -> run.run(chunk -> {}));
    assertThat(failure.failure()).isEqualTo(Outcome.Failure.LIMIT);
    assertThat(failure).hasMessage("the files of the code did not come: not connected directly");
  }
}
