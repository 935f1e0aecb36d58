package dev.waggle.node.bench;

import dev.waggle.coordinator.job.Claim;
import dev.waggle.coordinator.job.JobDraft;
import dev.waggle.coordinator.job.JobKind;
import dev.waggle.coordinator.job.JobQueue;
import dev.waggle.coordinator.job.JobWork;
import dev.waggle.coordinator.job.TaskDraft;
import dev.waggle.coordinator.job.TaskEnd;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Prints how fast the queue of jobs takes in a large job, empty and full, and how many tasks eight
 * workers claim and settle in a second, each step on disk.
 */
public final class JobBench {
  private static final int TASKS = 100_000;
  private static final int WORKERS = 8;
  private static final int CLAIMS = 2_000;
  private static final Duration LEASE = Duration.ofMinutes(30);

  private JobBench() {}

  public static void main(String[] arguments) throws Exception {
    System.out.printf("Java %s%n", Runtime.version());
    try (Scratch scratch = new Scratch();
        JobQueue queue = JobQueue.open(scratch.resolve("jobs.mv.db"), Clock.systemUTC())) {
      submit(queue, "an empty queue");
      submit(queue, "a queue of 100,000");
      claims(queue, false);
      claims(queue, true);
    }
  }

  private static void submit(JobQueue queue, String into) throws Exception {
    List<TaskDraft> tasks = new ArrayList<>();
    JobWork work = new JobWork.Ask(new TaskSpec.Code(Language.SHELL, "echo 1"));
    for (int i = 0; i < TASKS; i++) {
      tasks.add(new TaskDraft(work));
    }
    long began = System.nanoTime();
    queue.submit("member", new JobDraft(JobKind.MAP, tasks)).get();
    System.out.printf(
        "jobs: 100,000 tasks into %s in %.1f s%n", into, (System.nanoTime() - began) / 1e9);
  }

  private static void claims(JobQueue queue, boolean settled) throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
    long began = System.nanoTime();
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < WORKERS; i++) {
        String name = "worker-" + i;
        all.add(workers.submit(() -> work(queue, name, settled)));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      workers.shutdownNow();
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf(
        "jobs: %,.0f tasks/s %s by %d workers%n",
        WORKERS * CLAIMS / seconds, settled ? "claimed and settled" : "claimed", WORKERS);
  }

  private static Void work(JobQueue queue, String name, boolean settled) throws Exception {
    for (int i = 0; i < CLAIMS; i++) {
      Optional<Claim> claim = queue.claim(name, need -> true, LEASE).get();
      if (settled) {
        queue.settle(claim.orElseThrow().proof(), new TaskEnd.Done("{\"stdout\":\"1\"}")).get();
      }
    }
    return null;
  }
}
