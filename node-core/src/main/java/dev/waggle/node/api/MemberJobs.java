package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.job.JobDraft;
import dev.waggle.coordinator.job.JobException;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobParcel;
import dev.waggle.coordinator.job.ParcelCodec;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.job.JobDesk;
import dev.waggle.mesh.swarm.job.JobReply;
import dev.waggle.mesh.swarm.job.JobRequest;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.Role;
import dev.waggle.node.config.JobRules;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Looks after jobs of members: of those whom the owner lets give some, and for each its own alone.
 */
public final class MemberJobs implements JobDesk {
  private final NodeControl node;
  private final LocalJobs local;

  public MemberJobs(NodeControl node) {
    this.node = node;
    this.local = new LocalJobs(node);
  }

  @Override
  public Optional<JobReply.Refused> refusal(PeerId from, JobRequest request) {
    if (!request.isWork() || isAllowed(from)) {
      return Optional.empty();
    }
    return Optional.of(notAllowed());
  }

  private static JobReply.Refused notAllowed() {
    return new JobReply.Refused(
        JobReply.Reason.NOT_ALLOWED,
        "its owner, or its certificate, does not let you give it jobs (owner.allow-jobs in its"
            + " config.toml names those who may)");
  }

  private boolean isAllowed(PeerId from) {
    Membership membership = node.swarm().membership();
    Set<String> allowed = node.config().jobs().allowed();
    Set<String> blocked = node.config().ownerRules().blocked();
    return Role.mayCoordinate(membership.own().leaf().roles())
        && !blocked.contains(from.toString())
        && !blocked.contains(membership.name(from))
        && (allowed.contains(JobRules.ALL) || Members.isNamed(membership, from, allowed));
  }

  @Override
  public CompletableFuture<JobReply> answer(PeerId from, JobRequest request, byte[] body) {
    return answered(from, request, body)
        .handle(
            (reply, failure) -> {
              if (failure == null) {
                return reply;
              }
              Throwable cause = Failures.cause(failure);
              if (cause instanceof JobException refusal) {
                return JobReply.Refused.because(reason(refusal.kind()), refusal.getMessage());
              }
              throw new CompletionException(cause);
            });
  }

  private static JobReply.Reason reason(JobException.Kind kind) {
    return switch (kind) {
      case UNKNOWN -> JobReply.Reason.UNKNOWN;
      case FORBIDDEN -> JobReply.Reason.NOT_ALLOWED;
      case CONFLICT -> JobReply.Reason.CONFLICT;
      case FULL -> JobReply.Reason.FULL;
      case INVALID -> JobReply.Reason.INVALID;
    };
  }

  private CompletableFuture<JobReply> answered(PeerId from, JobRequest request, byte[] body) {
    String member = from.toString();
    try {
      if (request instanceof JobRequest.Submit) {
        JobParcel parcel = parcel(from, body);
        if (parcel.begun().isPresent()) {
          throw new JobException(JobException.Kind.INVALID, "that job was begun elsewhere");
        }
        return submit(member, parcel.draft());
      } else if (request instanceof JobRequest.HandOver) {
        return node.jobs().take(member, parcel(from, body)).thenApply(taken -> json(object()));
      } else if (request instanceof JobRequest.Withdraw withdraw) {
        return node.jobs()
            .withdraw(member, new JobId(withdraw.job()), withdraw.transfer())
            .thenApply(held -> json(object().put("held", held)));
      } else if (request instanceof JobRequest.Artifact artifact) {
        return CompletableFuture.completedFuture(
            new JobReply.Answered(local.artifact(member, artifact)));
      }
    } catch (JobException e) {
      return CompletableFuture.failedFuture(e);
    }
    return local
        .answer(Optional.of(member), request, body)
        .thenApply(
            answer ->
                request instanceof JobRequest.ListJobs
                        && answer.path("jobs").isEmpty()
                        && !isAllowed(from)
                    ? notAllowed()
                    : json(answer));
  }

  private CompletableFuture<JobReply> submit(String member, JobDraft draft) {
    return node.jobs()
        .submit(member, draft)
        .thenApply(job -> json(object().put("job", job.value())));
  }

  private JobParcel parcel(PeerId from, byte[] body) throws JobException {
    try {
      JobParcel parcel = ParcelCodec.decode(body);
      if (!node.swarm().mayHold(parcel.draft().labels(), from)) {
        throw new JobException(
            JobException.Kind.FORBIDDEN, "the labels of that job do not let it be there");
      }
      Optional<String> obstacle = parcel.draft().whyOnlyHere();
      if (obstacle.isPresent()) {
        throw new JobException(JobException.Kind.INVALID, obstacle.get());
      }
      return parcel;
    } catch (MalformedFrameException e) {
      throw new JobException(JobException.Kind.INVALID, String.valueOf(e.getMessage()));
    }
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static JobReply json(JsonNode body) {
    return new JobReply.Answered(body.toString().getBytes(StandardCharsets.UTF_8));
  }
}
