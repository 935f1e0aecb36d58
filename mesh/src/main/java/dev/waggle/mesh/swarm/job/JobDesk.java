package dev.waggle.mesh.swarm.job;

import dev.waggle.crypto.PeerId;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Looks after members' jobs, as far as this machine's owner lets them. Thread-safe. */
public interface JobDesk {
  /**
   * Why a request is not even read to its end; empty when it may be. Does not block.
   *
   * @param from a member that may ask for work, and is not shunned
   */
  Optional<JobReply.Refused> refusal(PeerId from, JobRequest request);

  /**
   * Answers a request; may block before it returns.
   *
   * @param from whose jobs are meant
   * @param body what came with it; empty with most requests
   */
  CompletableFuture<JobReply> answer(PeerId from, JobRequest request, byte[] body);
}
