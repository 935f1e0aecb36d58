package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.pull.PullReport;
import dev.waggle.mesh.swarm.pull.PullTarget;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Pulls as the test says: steps at once, the end when it is told. */
final class ScriptedPulls implements PullTarget {
  final List<String> ordered = new CopyOnWriteArrayList<>();
  final AtomicInteger running = new AtomicInteger();
  final CompletableFuture<Void> interrupted = new CompletableFuture<>();
  final CountDownLatch end = new CountDownLatch(1);
  volatile Optional<PullReport.Reason> refusal = Optional.empty();
  volatile PullReport last = new PullReport.Done();
  volatile long progress = 700;

  @Override
  public Optional<PullReport.Reason> refusal(PeerId member, String model) {
    return refusal;
  }

  @Override
  public PullReport pull(String model, Steps steps) throws InterruptedException {
    ordered.add(model);
    running.incrementAndGet();
    try {
      steps.at(new PullReport.Progress(progress, 1_000));
      end.await();
      return last;
    } catch (InterruptedException e) {
      interrupted.complete(null);
      throw e;
    } finally {
      running.decrementAndGet();
    }
  }
}
