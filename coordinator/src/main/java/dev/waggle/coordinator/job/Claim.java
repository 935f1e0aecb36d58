package dev.waggle.coordinator.job;

import dev.waggle.coordinator.Keeping;
import dev.waggle.mesh.swarm.exchange.Priority;
import java.time.Instant;
import java.util.List;

/**
 * A lease of one task by who holds its proof. When the lease ends without a renewal, the task is
 * anybody's again, and the proof proves nothing any more.
 *
 * @param member whose job it is, by its peer id
 * @param inputs of the tasks that it needs
 * @param attempt counts from 1
 * @param replicas see {@link TaskDraft#replicas}
 * @param priority of its job
 * @param keeping lets a worker keep the result while this node is away
 */
public record Claim(
    Proof proof,
    String member,
    JobWork work,
    List<Input> inputs,
    int attempt,
    int replicas,
    Priority priority,
    Keeping keeping,
    Instant until) {
  public Claim {
    inputs = List.copyOf(inputs);
  }

  /**
   * What a task that had to be done first came to.
   *
   * @param name of the task, or its number where it has none
   * @param result JSON
   */
  public record Input(String name, String result) {}

  /**
   * What shows that a task is held.
   *
   * @param task within the queue
   * @param fence counts the claims of the task
   * @param seal what nobody can make but the queue
   */
  public record Proof(JobId job, int number, long task, int fence, String seal) {}
}
