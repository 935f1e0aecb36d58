package dev.waggle.node;

import dev.waggle.coordinator.TaskSubmitter;
import dev.waggle.coordinator.job.ArtifactStore;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobQueue;
import dev.waggle.coordinator.job.JobRunner;
import dev.waggle.coordinator.job.Upstream;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.Ledger;
import dev.waggle.mesh.libp2p.Recurring;
import dev.waggle.mesh.swarm.Swarm;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.node.data.DataDirectory;
import dev.waggle.node.data.DataException;
import dev.waggle.node.job.JobHandovers;
import dev.waggle.node.job.SnapshotLoans;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The jobs of a node: their queue, what they left, who has them done, and who hands them over. */
final class NodeJobs implements AutoCloseable {
  // Beside each place of the swarm one task that is on its way.
  private static final int TASKS_PER_SLOT = 2;
  private static final Duration HANDOVER_STEP = Duration.ofSeconds(5);

  private final JobQueue queue;
  private final ArtifactStore artifacts;
  private final SnapshotLoans loans = new SnapshotLoans();
  private @Nullable JobRunner runner;
  private @Nullable JobHandovers handovers;
  private @Nullable ScheduledFuture<?> asking;

  private NodeJobs(JobQueue queue, ArtifactStore artifacts) {
    this.queue = queue;
    this.artifacts = artifacts;
  }

  /**
   * Opens them; nothing is done yet.
   *
   * @throws DataException if the disk fails, or the database is damaged or in use
   */
  static NodeJobs open(DataDirectory directory, Clock clock) throws DataException {
    try {
      return new NodeJobs(
          JobQueue.open(directory.jobsFile(), clock),
          new ArtifactStore(directory.path().resolve("artifacts")));
    } catch (SQLException | IOException e) {
      throw new DataException(String.valueOf(e.getMessage()), e);
    }
  }

  JobQueue queue() {
    return queue;
  }

  ArtifactStore artifacts() {
    return artifacts;
  }

  /** What other nodes may fetch for jobs that are on their way to them. */
  SnapshotLoans loans() {
    return loans;
  }

  /** Hands them over, once they are {@link #start started}. */
  JobHandovers handovers() {
    return Objects.requireNonNull(handovers, "jobs are not started yet");
  }

  /** Begins to have them done. */
  void start(
      PeerId self,
      Upstream upstream,
      TaskSubmitter tasks,
      Swarm swarm,
      Ledger ledger,
      Conduct conduct,
      Supplier<Capability> own,
      NodeThreads threads,
      Clock clock) {
    Supplier<List<Peer>> peers = () -> swarm.peers().peers();
    runner =
        JobRunner.start(
            new JobRunner.Parts(
                self,
                queue,
                artifacts,
                tasks,
                ledger,
                conduct,
                () -> room(own.get(), peers.get()),
                (node, task) ->
                    node.equals(self)
                        ? isReady(own.get(), task)
                        : peers.get().stream()
                            .filter(each -> each.connected() && each.id().equals(node))
                            .flatMap(each -> each.capability().stream())
                            .anyMatch(each -> isReady(each, task)),
                upstream,
                threads.blocking(),
                threads.timer(),
                clock,
                new SecureRandom()));
    JobHandovers started = new JobHandovers(queue, swarm, loans, threads.blocking());
    handovers = started;
    asking = Recurring.schedule(threads.timer(), HANDOVER_STEP, HANDOVER_STEP, started::round);
  }

  /** Whether a node that has just started can run a task: its sandboxes prove themselves first. */
  private static boolean isReady(Capability node, TaskSpec task) {
    return !(task instanceof TaskSpec.Code)
        || node.models().stream().anyMatch(each -> each.name().equals(task.model()));
  }

  private static int room(Capability own, List<Peer> peers) {
    int slots = own.slots();
    for (Peer each : peers) {
      if (each.connected() && each.capability().isPresent()) {
        slots += each.capability().get().slots();
      }
    }
    return TASKS_PER_SLOT * slots;
  }

  /** Tells a task what a person says, and records that somebody did. */
  CompletableFuture<Void> answer(JobId job, int number, String answer, Ledger ledger, PeerId self) {
    return queue
        .answer(job, number, answer)
        .thenRun(
            () ->
                ledger.note(
                    EntryType.APPROVAL,
                    self,
                    ("a person answered task " + number + " of job " + job)
                        .getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public void close() {
    ScheduledFuture<?> rounds = asking;
    if (rounds != null) {
      rounds.cancel(false);
    }
    JobRunner running = runner;
    if (running != null) {
      running.close();
    }
    queue.close();
  }
}
