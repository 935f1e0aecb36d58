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
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.node.data.DataDirectory;
import dev.waggle.node.data.DataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The jobs of a node: their queue, what they left, and who has them done. */
final class NodeJobs implements AutoCloseable {
  // Beside each place of the swarm one task that is on its way.
  private static final int TASKS_PER_SLOT = 2;

  private final JobQueue queue;
  private final ArtifactStore artifacts;
  private @Nullable JobRunner runner;

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

  /** Begins to have them done. */
  void start(
      PeerId self,
      TaskSubmitter swarm,
      Ledger ledger,
      Conduct conduct,
      Supplier<Capability> own,
      Supplier<List<Peer>> peers,
      Upstream upstream,
      NodeThreads threads,
      Clock clock) {
    runner =
        JobRunner.start(
            new JobRunner.Parts(
                self,
                queue,
                artifacts,
                swarm,
                ledger,
                conduct,
                () -> room(own.get(), peers.get()),
                member ->
                    peers.get().stream()
                        .anyMatch(each -> each.connected() && each.id().equals(member)),
                upstream,
                threads.blocking(),
                threads.timer(),
                clock,
                new SecureRandom()));
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
    JobRunner running = runner;
    if (running != null) {
      running.close();
    }
    queue.close();
  }
}
