package dev.waggle.node.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.coordinator.job.JobDraft;
import dev.waggle.coordinator.job.JobException;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobParcel;
import dev.waggle.coordinator.job.JobQueue;
import dev.waggle.coordinator.job.JobState;
import dev.waggle.coordinator.job.JobSummary;
import dev.waggle.coordinator.job.ParcelCodec;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.Swarm;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.job.JobProtocol;
import dev.waggle.mesh.swarm.job.JobReply;
import dev.waggle.mesh.swarm.job.JobRequest;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands jobs of this node's users over to other members' nodes. A job is frozen, sent, and the
 * other node's when that has said so; until that is known it stays frozen and is asked about again.
 * Thread-safe.
 */
public final class JobHandovers {
  private static final Logger log = LoggerFactory.getLogger(JobHandovers.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String OUT = "that node is no member any more";

  private final JobQueue queue;
  private final Swarm swarm;
  private final SnapshotLoans loans;
  private final Executor blocking;
  private final Map<JobId, CompletableFuture<Fate>> underWay = new ConcurrentHashMap<>();

  /** Where a job is now. */
  private enum Place {
    HERE,
    THERE,
    UNKNOWN
  }

  private record Fate(Place place, String why) {}

  /**
   * @param loans lets the other node fetch what a job needs
   * @param blocking runs what waits for the disk; may refuse
   */
  public JobHandovers(JobQueue queue, Swarm swarm, SnapshotLoans loans, Executor blocking) {
    this.queue = queue;
    this.swarm = swarm;
    this.loans = loans;
    this.blocking = blocking;
  }

  /**
   * Hands a job over; reads the disk. Fails with a {@link JobException} when it goes on here, with
   * the cause.
   *
   * @return whether the other node is known to have it; while not, it is asked again and again
   */
  public CompletableFuture<Boolean> begin(JobId job, PeerId to) {
    Optional<JobSummary> known = queue.job(job);
    Optional<PeerId> elsewhere = queue.elsewhere(job).map(PeerId::parse);
    if (known.isEmpty() && elsewhere.isPresent()) {
      return CompletableFuture.failedFuture(
          new JobException(
              JobException.Kind.CONFLICT,
              "job " + job + " is at " + name(elsewhere.get()) + ", and not here"));
    }
    boolean isNew = known.map(each -> each.state() == JobState.OPEN).orElse(true);
    if (isNew && !isConnected(to)) {
      return CompletableFuture.failedFuture(
          new JobException(
              JobException.Kind.CONFLICT,
              name(to) + " is not connected (\"waggle doctor\" says why); the job goes on here"));
    }
    return queue
        .freeze(swarm.peerId().toString(), job, to.toString())
        .thenComposeAsync(transfer -> attempt(job, isNew), blocking)
        .thenCompose(
            fate ->
                fate.place() == Place.HERE
                    ? CompletableFuture.failedFuture(
                        new JobException(
                            JobException.Kind.CONFLICT,
                            name(to) + " did not take it, and it goes on here: " + fate.why()))
                    : CompletableFuture.completedFuture(fate.place() == Place.THERE));
  }

  /**
   * Has a job that left, or is to leave, go on here if the other node says that it has not got it;
   * else fails with a {@link JobException}.
   *
   * @param evenUnheard whether it goes on here, too, when that node says nothing; should that come
   *     back and have it, the job is done twice
   */
  public CompletableFuture<Void> takeBack(JobSummary job, boolean evenUnheard) {
    PeerId to = PeerId.parse(job.coordinator());
    return CompletableFuture.supplyAsync(() -> queue.transfer(job.id()), blocking)
        .thenCompose(
            transfer ->
                transfer.isEmpty()
                    ? CompletableFuture.completedFuture(settled(job.id()))
                    : takeBack(job.id(), to, transfer.get(), evenUnheard))
        .thenCompose(
            fate ->
                fate.place() == Place.HERE
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.failedFuture(stays(to, fate.place())));
  }

  private CompletableFuture<Fate> takeBack(
      JobId job, PeerId to, String transfer, boolean evenUnheard) {
    return isHeld(job, to, transfer)
        .thenCompose(
            held -> {
              if (held.orElse(false)) {
                return leave(job, transfer);
              }
              return held.isEmpty() && !evenUnheard
                  ? CompletableFuture.completedFuture(new Fate(Place.UNKNOWN, ""))
                  : queue
                      .reclaim(job, transfer, "it was taken back")
                      .thenApply(back -> new Fate(Place.HERE, ""));
            });
  }

  private JobException stays(PeerId to, Place place) {
    return new JobException(
        JobException.Kind.CONFLICT,
        place == Place.THERE
            ? name(to) + " has it, and it goes on there"
            : "whether "
                + name(to)
                + " has it is not known, because that node does not answer (try again when it is"
                + " connected; if it never comes back, use --lost)");
  }

  /** Asks about what is frozen. */
  public void round() {
    try {
      blocking.execute(() -> queue.leaving().forEach(this::again));
    } catch (RejectedExecutionException e) {
      log.debug("too busy to ask about jobs that are handed over");
    }
  }

  private void again(JobId job) {
    boolean mayEnd =
        queue
            .job(job)
            .map(each -> PeerId.parse(each.coordinator()))
            .filter(to -> isConnected(to) || swarm.membership().isOut(to))
            .isPresent();
    if (mayEnd && !underWay.containsKey(job)) {
      attempt(job, /* isNew= */ false)
          .thenAccept(
              fate -> {
                if (fate.place() == Place.HERE) {
                  log.info("job {} was not taken over, and goes on here: {}", job, fate.why());
                }
              });
    }
  }

  private boolean isConnected(PeerId member) {
    return swarm.peers().peer(member).map(Peer::connected).orElse(false);
  }

  private String name(PeerId member) {
    String name = swarm.membership().name(member);
    return name.isEmpty() ? member.toString() : name;
  }

  /**
   * @param isNew whether the other node cannot have heard of it
   */
  private CompletableFuture<Fate> attempt(JobId job, boolean isNew) {
    CompletableFuture<Fate> mine = new CompletableFuture<>();
    CompletableFuture<Fate> other = underWay.putIfAbsent(job, mine);
    if (other != null) {
      return other;
    }
    CompletableFuture<Fate> sending;
    try {
      sending = send(job, isNew);
    } catch (RuntimeException e) {
      sending = CompletableFuture.failedFuture(e);
    }
    sending.whenComplete(
        (fate, failure) -> {
          underWay.remove(job);
          if (failure == null) {
            mine.complete(fate);
          } else {
            log.warn("job {} could not be handed over: {}", job, failure.getMessage());
            mine.completeExceptionally(failure);
          }
        });
    return mine;
  }

  /** Of a job that is not frozen. */
  private Fate settled(JobId job) {
    boolean there = queue.elsewhere(job).isPresent();
    return new Fate(there ? Place.THERE : Place.HERE, "it was taken back");
  }

  private CompletableFuture<Fate> send(JobId job, boolean isNew) {
    Optional<JobParcel> parcel = queue.parcel(job);
    if (parcel.isEmpty()) {
      return CompletableFuture.completedFuture(settled(job));
    }
    PeerId to = PeerId.parse(queue.job(job).orElseThrow().coordinator());
    String transfer = parcel.get().begun().orElseThrow().transfer();
    byte[] bytes = ParcelCodec.encode(parcel.get());
    Optional<String> obstacle = obstacle(parcel.get().draft(), bytes, to);
    if (obstacle.isPresent()) {
      return isNew
          ? thaw(job, transfer, obstacle.get())
          : withdraw(job, to, transfer, obstacle.get());
    }
    return loans
        .during(
            to,
            parcel.get().draft().repositories(),
            () -> swarm.askAboutJobs(to, new JobRequest.HandOver(), bytes))
        .handle((reply, failure) -> Optional.ofNullable(reply))
        .thenCompose(
            reply -> {
              if (reply.isEmpty()) {
                return CompletableFuture.completedFuture(new Fate(Place.UNKNOWN, ""));
              }
              return reply.get() instanceof JobReply.Refused refused
                  ? withdraw(job, to, transfer, refused.cause())
                  : leave(job, transfer);
            });
  }

  private Optional<String> obstacle(JobDraft draft, byte[] bytes, PeerId to) {
    if (swarm.membership().isOut(to)) {
      return Optional.of(OUT);
    }
    if (bytes.length > JobProtocol.BODY_BYTES_MAX) {
      return Optional.of(
          "with its results it has "
              + bytes.length
              + " bytes, and at most "
              + JobProtocol.BODY_BYTES_MAX
              + " can be handed over");
    }
    return swarm.labels().obstacle(draft.labels(), to);
  }

  private CompletableFuture<Fate> leave(JobId job, String transfer) {
    return queue.leave(job, transfer).thenApply(left -> new Fate(Place.THERE, ""));
  }

  private CompletableFuture<Fate> thaw(JobId job, String transfer, String why) {
    return queue.thaw(job, transfer, why).thenApply(back -> new Fate(Place.HERE, why));
  }

  /** Only its word that it never takes the transfer, or its end, lets the job go on here. */
  private CompletableFuture<Fate> withdraw(JobId job, PeerId to, String transfer, String why) {
    return isHeld(job, to, transfer)
        .thenCompose(
            held -> {
              if (held.isEmpty()) {
                return CompletableFuture.completedFuture(new Fate(Place.UNKNOWN, why));
              }
              return held.get() ? leave(job, transfer) : thaw(job, transfer, why);
            });
  }

  /** Whether another node has a job, or never takes it; empty when that is not known. */
  private CompletableFuture<Optional<Boolean>> isHeld(JobId job, PeerId by, String transfer) {
    if (swarm.membership().isOut(by)) {
      return CompletableFuture.completedFuture(Optional.of(false)); // It does nothing for us.
    }
    return swarm
        .askAboutJobs(by, new JobRequest.Withdraw(job.value(), transfer), new byte[0])
        .handle(
            (reply, failure) ->
                reply instanceof JobReply.Answered answered
                    ? held(answered.bytes())
                    : Optional.empty());
  }

  private static Optional<Boolean> held(byte[] json) {
    try {
      return Optional.of(JSON.readTree(json).path("held"))
          .filter(node -> node.isBoolean())
          .map(node -> node.asBoolean());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
