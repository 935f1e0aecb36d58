package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.job.JobDraft;
import dev.waggle.coordinator.job.JobException;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobParcel;
import dev.waggle.coordinator.job.ParcelCodec;
import dev.waggle.coordinator.job.Repository;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.job.JobDesk;
import dev.waggle.mesh.swarm.job.JobReply;
import dev.waggle.mesh.swarm.job.JobRequest;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.Role;
import dev.waggle.node.config.JobRules;
import dev.waggle.node.job.IncomingFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * Looks after jobs of members: of those whom the owner lets give some, and for each its own alone.
 */
public final class MemberJobs implements JobDesk {
  /** The most snapshots that are fetched for one job. */
  static final int SNAPSHOTS_MAX = 4;

  private static final byte[] NOTHING = {};

  private final NodeControl node;
  private final LocalJobs local;
  private final Executor blocking;

  /**
   * @param blocking runs what waits for the disk; may refuse
   */
  public MemberJobs(NodeControl node, Executor blocking) {
    this.node = node;
    this.blocking = blocking;
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
        return snapshots(from, parcel.draft()).thenCompose(here -> submit(member, parcel.draft()));
      } else if (request instanceof JobRequest.HandOver) {
        JobParcel parcel = parcel(from, body);
        return snapshots(from, parcel.draft())
            .thenCompose(here -> node.jobs().take(member, parcel))
            .thenApply(taken -> json(object()));
      } else if (request instanceof JobRequest.Withdraw withdraw) {
        return node.jobs()
            .withdraw(member, new JobId(withdraw.job()), withdraw.transfer())
            .thenApply(held -> json(object().put("held", held)));
      } else if (request instanceof JobRequest.Artifact artifact) {
        return CompletableFuture.completedFuture(
            new JobReply.Answered(local.artifact(member, artifact)));
      } else if (request instanceof JobRequest.Snapshot snapshot) {
        return CompletableFuture.completedFuture(new JobReply.Answered(lent(from, snapshot)));
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

  private byte[] lent(PeerId to, JobRequest.Snapshot request) throws JobException {
    Optional<Path> file =
        node.snapshotLoans().isLent(to, request.sha256())
            ? node.artifacts().find(request.sha256())
            : Optional.empty();
    return LocalJobs.piece(
        file.orElseThrow(
            () ->
                new JobException(
                    JobException.Kind.UNKNOWN, "no job with that snapshot is on its way to you")),
        request.offset());
  }

  /** Fetches the snapshots that a job needs from who gives it, and that are not here. */
  private CompletableFuture<Void> snapshots(PeerId from, JobDraft draft) {
    if (draft.repositories().size() > SNAPSHOTS_MAX) {
      return CompletableFuture.failedFuture(
          new JobException(
              JobException.Kind.INVALID,
              "a job of another node may need at most " + SNAPSHOTS_MAX + " snapshots"));
    }
    CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
    for (String each : draft.repositories()) {
      all = all.thenCompose(here -> snapshot(from, each));
    }
    return all;
  }

  private CompletableFuture<Void> snapshot(PeerId from, String sha256) {
    return IncomingFile.fetch(
            node.artifacts(),
            sha256,
            Snapshot.BYTES_MAX,
            offset -> piece(from, new JobRequest.Snapshot(sha256, offset)),
            blocking)
        .thenAcceptAsync(file -> requireSnapshot(sha256), blocking)
        .exceptionally(
            failure -> {
              Throwable cause = Failures.cause(failure);
              throw new CompletionException(
                  cause instanceof IOException
                      ? new JobException(
                          JobException.Kind.INVALID,
                          "it cannot have the job's snapshot: " + cause.getMessage())
                      : cause);
            });
  }

  private void requireSnapshot(String sha256) {
    try {
      Repository.read(node.artifacts(), sha256);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private CompletableFuture<byte[]> piece(PeerId from, JobRequest.Snapshot request) {
    return node.swarm()
        .askAboutJobs(from, request, NOTHING)
        .thenCompose(
            reply ->
                reply instanceof JobReply.Answered answered
                    ? CompletableFuture.completedFuture(answered.bytes())
                    : CompletableFuture.failedFuture(
                        new IOException(((JobReply.Refused) reply).cause())));
  }

  private JobParcel parcel(PeerId from, byte[] body) throws JobException {
    try {
      JobParcel parcel = ParcelCodec.decode(body);
      if (!node.swarm().mayHold(parcel.draft().labels(), from)) {
        throw new JobException(
            JobException.Kind.FORBIDDEN, "the labels of that job do not let it be there");
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
