package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.job.JobDraft;
import dev.waggle.coordinator.job.JobException;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobParcel;
import dev.waggle.coordinator.job.ParcelCodec;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.swarm.job.JobProtocol;
import dev.waggle.mesh.swarm.job.JobReply;
import dev.waggle.mesh.swarm.job.JobRequest;
import dev.waggle.node.job.IncomingFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Says which node looks after a job, and asks there: this node's own queue, or another member.
 * Thread-safe.
 */
final class JobHomes {
  /** Says this node where another could be meant. */
  static final String SELF = "self";

  /** The longest file that is brought from another node, in bytes. */
  static final long ARTIFACT_BYTES_MAX = 1L << 30;

  private static final String HANDED_OVER = "handed_over";
  private static final Set<String> OPEN = Set.of("open", "handing_over");

  private static final byte[] NOTHING = {};
  private static final ObjectMapper JSON = new ObjectMapper();

  private final NodeControl node;
  private final LocalJobs local;
  private final Executor blocking;

  JobHomes(NodeControl node, Executor blocking) {
    this.node = node;
    this.local = new LocalJobs(node);
    this.blocking = blocking;
  }

  private Optional<PeerId> member(String field, String text) {
    PeerId member = Members.named(node.swarm().membership(), field, text);
    return member.equals(node.swarm().peerId()) ? Optional.empty() : Optional.of(member);
  }

  private Optional<PeerId> pinned() {
    return node.config().jobs().coordinator().flatMap(text -> member("jobs.coordinator", text));
  }

  /**
   * Who is to look after new jobs; empty for this node.
   *
   * @param on a member, or {@value #SELF}; null where the request does not say
   */
  Optional<PeerId> ofNew(@Nullable String on) {
    if (on == null) {
      return pinned();
    }
    return on.equals(SELF) ? Optional.empty() : member("on", on);
  }

  /** Who looks after a job; empty for this node. Reads the disk. */
  Optional<PeerId> of(JobId job, @Nullable String on) {
    if (on != null) {
      return ofNew(on);
    }
    Optional<PeerId> elsewhere = node.jobs().elsewhere(job).map(PeerId::parse);
    return elsewhere.isPresent() || node.jobs().job(job).isPresent() ? elsewhere : pinned();
  }

  private String name(PeerId member) {
    return Members.name(node.swarm().membership(), member.toString());
  }

  /** Asks about a job where it is. */
  CompletableFuture<JsonNode> ask(JobId job, @Nullable String on, JobRequest request, byte[] body) {
    return CompletableFuture.supplyAsync(() -> of(job, on), blocking)
        .thenComposeAsync(home -> ask(home, request, body), blocking);
  }

  CompletableFuture<JsonNode> ask(JobId job, @Nullable String on, JobRequest request) {
    return ask(job, on, request, NOTHING);
  }

  private CompletableFuture<JsonNode> ask(Optional<PeerId> home, JobRequest request, byte[] body) {
    if (home.isEmpty()) {
      return local.answer(Optional.empty(), request, body);
    }
    return bytes(home.get(), request, body)
        .thenApply(
            bytes -> {
              JsonNode json = json(home.get(), bytes);
              return request instanceof JobRequest.Show ? at(home.get(), json) : json;
            });
  }

  private JsonNode at(PeerId home, JsonNode job) {
    if (job instanceof ObjectNode object) {
      object.put("coordinator", name(home));
    }
    return job;
  }

  private JsonNode json(PeerId home, byte[] bytes) {
    try {
      return JSON.readTree(bytes);
    } catch (IOException e) {
      throw new ApiException(
          ApiError.of(502, name(home) + " answers what is no JSON", "coordinator_failed"));
    }
  }

  private CompletableFuture<byte[]> bytes(PeerId home, JobRequest request, byte[] body) {
    return node.swarm()
        .askAboutJobs(home, request, body)
        .handle(
            (reply, failure) -> {
              if (reply instanceof JobReply.Answered answered) {
                return answered.bytes();
              }
              throw reply instanceof JobReply.Refused refused
                  ? refused(home, refused)
                  : away(home, request);
            });
  }

  private CompletionException refused(PeerId home, JobReply.Refused refused) {
    String message = name(home) + " says: " + refused.cause();
    return new CompletionException(
        switch (refused.reason()) {
          case NOT_ALLOWED -> new JobException(JobException.Kind.FORBIDDEN, message);
          case UNKNOWN -> new JobException(JobException.Kind.UNKNOWN, message);
          case CONFLICT -> new JobException(JobException.Kind.CONFLICT, message);
          case FULL -> new JobException(JobException.Kind.FULL, message);
          case INVALID -> new JobException(JobException.Kind.INVALID, message);
          case FAILED -> new ApiException(ApiError.of(502, message, "coordinator_failed"));
        });
  }

  private ApiException away(PeerId home, JobRequest request) {
    boolean connected = node.swarm().peers().peer(home).map(each -> each.connected()).orElse(false);
    String name = name(home);
    String message =
        !(request instanceof JobRequest.Submit)
            ? "the job is at "
                + name
                + ", which does not answer (it goes on there; \"waggle doctor\" says why)"
            : connected
                ? "it is not known whether "
                    + name
                    + " took the job (see: waggle job list --on "
                    + name
                    + "; with a key, submitting it again makes no second one)"
                : name
                    + " is to look after the job and is not connected (start it, or use --on self"
                    + " to run it from here)";
    return new ApiException(ApiError.of(502, message, "coordinator_away"));
  }

  /** The next events of a job, wherever it is by then. */
  CompletableFuture<JobEventStream.Batch> events(
      JobId job, @Nullable String on, long after, int max) {
    return CompletableFuture.supplyAsync(() -> of(job, on), blocking)
        .thenComposeAsync(
            home ->
                // In this order: what is over has no events after those that are read now.
                ask(home, new JobRequest.Show(job.value()), NOTHING)
                    .thenComposeAsync(
                        now ->
                            ask(home, new JobRequest.Events(job.value(), after, max), NOTHING)
                                .thenApply(page -> batch(home, on, now, page)),
                        blocking),
            blocking);
  }

  private static JobEventStream.Batch batch(
      Optional<PeerId> home, @Nullable String on, JsonNode job, JsonNode page) {
    List<JsonNode> events = new ArrayList<>();
    page.path("events").forEach(events::add);
    String state = job.path("state").asText();
    // What left this node just now is read where it is next time.
    boolean left = home.isEmpty() && on == null && state.equals(HANDED_OVER);
    boolean isOver = !OPEN.contains(state) && !left;
    return new JobEventStream.Batch(events, isOver, home.isPresent());
  }

  /** Submits a job; blocks for the disk before it returns. */
  CompletableFuture<JsonNode> submit(Optional<PeerId> home, JobDraft draft) {
    if (home.isEmpty()) {
      return node.jobs()
          .submit(node.swarm().peerId().toString(), draft)
          .thenApply(job -> JsonNodeFactory.instance.objectNode().put("job", job.value()));
    }
    PeerId to = home.get();
    byte[] parcel = ParcelCodec.encode(new JobParcel(draft));
    if (parcel.length > JobProtocol.BODY_BYTES_MAX) {
      throw new ApiException(
          ApiError.of(413, "the job is too long for another node", "body_too_large"));
    }
    JobRequest.Submit request = new JobRequest.Submit();
    if (node.swarm().peers().peer(to).filter(each -> each.connected()).isEmpty()) {
      throw away(to, request);
    }
    Optional<String> obstacle = node.swarm().labels().obstacle(draft.labels(), to);
    if (obstacle.isPresent()) {
      throw new ApiException(
          ApiError.of(
              403, "the job may not go to " + name(to) + ": " + obstacle.get(), "not_allowed"));
    }
    return node.snapshotLoans()
        .during(to, draft.repositories(), () -> bytes(to, request, parcel))
        .thenCompose(
            bytes -> {
              JsonNode job = json(to, bytes);
              return node.jobs()
                  .noteElsewhere(id(to, job), to.toString())
                  .thenApply(noted -> at(to, job));
            });
  }

  private JobId id(PeerId home, JsonNode job) {
    try {
      return new JobId(job.path("job").asText());
    } catch (IllegalArgumentException e) {
      throw new ApiException(
          ApiError.of(502, name(home) + " names the job in no way", "coordinator_failed"));
    }
  }

  /** The latest jobs: those here, and those of this node's users elsewhere. Reads the disk. */
  CompletableFuture<JsonNode> list(@Nullable String on, int max) {
    JobRequest.ListJobs request = new JobRequest.ListJobs(max);
    if (on != null) {
      return ask(ofNew(on), request, NOTHING);
    }
    List<PeerId> homes = new ArrayList<>();
    pinned().ifPresent(homes::add);
    node.jobs().coordinators().stream()
        .map(PeerId::parse)
        .filter(each -> !homes.contains(each))
        .forEach(homes::add);
    CompletableFuture<Map<String, JsonNode>> all =
        local.answer(Optional.empty(), request, NOTHING).thenApply(JobHomes::byName);
    for (PeerId home : homes) {
      CompletableFuture<Map<String, JsonNode>> there =
          ask(Optional.of(home), request, NOTHING)
              .thenApply(JobHomes::byName)
              // Who is away says nothing; what was handed over there is known here.
              .exceptionally(failure -> Map.of());
      all =
          all.thenCombine(
              there,
              (known, more) -> {
                more.forEach(
                    (name, job) -> {
                      JsonNode here = known.get(name);
                      if (here == null || here.path("state").asText().equals(HANDED_OVER)) {
                        known.put(name, at(home, job));
                      }
                    });
                return known;
              });
    }
    return all.thenApply(jobs -> latest(jobs, max));
  }

  private static Map<String, JsonNode> byName(JsonNode list) {
    Map<String, JsonNode> jobs = new LinkedHashMap<>();
    list.path("jobs").forEach(each -> jobs.put(each.path("job").asText(), each));
    return jobs;
  }

  private static JsonNode latest(Map<String, JsonNode> jobs, int max) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var list = body.putArray("jobs");
    jobs.values().stream()
        .sorted(Comparator.comparing((JsonNode each) -> each.path("created").asText()).reversed())
        .limit(max)
        .forEach(list::add);
    return body;
  }

  /** Brings a file of a task from where the job is, and checks it. */
  CompletableFuture<Path> artifact(JobId job, int number, String sha256, @Nullable String on) {
    return CompletableFuture.supplyAsync(
            () -> of(job, on).orElseThrow(JobHomes::noArtifact), blocking)
        .thenCompose(home -> artifact(home, job, number, sha256));
  }

  private CompletableFuture<Path> artifact(PeerId home, JobId job, int number, String sha256) {
    return IncomingFile.fetch(
            node.artifacts(),
            sha256,
            ARTIFACT_BYTES_MAX,
            offset ->
                bytes(home, new JobRequest.Artifact(job.value(), number, sha256, offset), NOTHING),
            blocking)
        .exceptionally(
            failure -> {
              throw Failures.cause(failure) instanceof IncomingFile.FalseFileException e
                  ? new ApiException(
                      ApiError.of(
                          502,
                          "the file from " + name(home) + " is refused: " + e.getMessage(),
                          "coordinator_failed"))
                  : new CompletionException(Failures.cause(failure));
            });
  }

  static ApiException noArtifact() {
    return new ApiException(
        ApiError.of(404, "this node has no artifact of that hash", "not_found"));
  }
}
