package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.job.JobDesk;
import dev.waggle.mesh.swarm.job.JobReply;
import dev.waggle.mesh.swarm.job.JobRequest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** Refuses or says again what came, as it is told. */
final class ScriptedJobs implements JobDesk {
  final List<JobRequest> requests = new CopyOnWriteArrayList<>();
  volatile Optional<JobReply.Refused> refusal = Optional.empty();

  @Override
  public Optional<JobReply.Refused> refusal(PeerId from, JobRequest request) {
    return refusal;
  }

  @Override
  public CompletableFuture<JobReply> answer(PeerId from, JobRequest request, byte[] body) {
    requests.add(request);
    return CompletableFuture.completedFuture(new JobReply.Answered(body));
  }
}
