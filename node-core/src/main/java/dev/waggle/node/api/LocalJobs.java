package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.job.JobEvent;
import dev.waggle.coordinator.job.JobException;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobQueue;
import dev.waggle.coordinator.job.JobState;
import dev.waggle.coordinator.job.JobSummary;
import dev.waggle.coordinator.job.JobTask;
import dev.waggle.mesh.swarm.job.JobRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What this node's own queue says to requests about jobs: in JSON, to its users and to members
 * alike. Reads the disk before it returns; its futures fail with {@link JobException}s.
 * Thread-safe.
 */
final class LocalJobs {
  /** About how much JSON one answer has at most; what does not fit is asked for again. */
  static final int PAGE_BYTES_MAX = 4 << 20;

  /** The most of a file in one answer. */
  static final int PIECE_BYTES_MAX = 4 << 20;

  // Results are long at times.
  private static final int SLICE = 50;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final NodeControl node;

  LocalJobs(NodeControl node) {
    this.node = node;
  }

  private JobQueue queue() {
    return node.jobs();
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static CompletableFuture<JsonNode> done(JsonNode body) {
    return CompletableFuture.completedFuture(body);
  }

  private static CompletableFuture<JsonNode> changed(CompletableFuture<Void> change) {
    return change.thenApply(nothing -> object().put("status", "ok"));
  }

  /**
   * Answers a request that is neither about new jobs nor about files.
   *
   * @param member whose jobs alone there are, by its peer id; empty for all
   * @param body what a person says to a task
   */
  CompletableFuture<JsonNode> answer(Optional<String> member, JobRequest request, byte[] body) {
    try {
      if (request instanceof JobRequest.ListJobs list) {
        return done(list(member, list.max()));
      } else if (request instanceof JobRequest.Show show) {
        return done(json(require(member, show.job())));
      } else if (request instanceof JobRequest.Tasks tasks) {
        JobId job = require(member, tasks.job()).id();
        return done(tasks(job, tasks.from(), tasks.max()));
      } else if (request instanceof JobRequest.Events events) {
        JobId job = require(member, events.job()).id();
        return done(events(job, events.after(), events.max()));
      } else if (request instanceof JobRequest.Cancel cancel) {
        return changed(queue().cancel(require(member, cancel.job()).id()));
      } else if (request instanceof JobRequest.Retry retry) {
        return changed(retry(require(member, retry.job())));
      } else if (request instanceof JobRequest.AnswerTask answer) {
        JobId job = require(member, answer.job()).id();
        String text = new String(body, StandardCharsets.UTF_8);
        return changed(node.answerJob(job, answer.number(), text));
      }
      throw new IllegalArgumentException("no treatment for " + request.getClass());
    } catch (JobException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private JobSummary require(Optional<String> member, String name) throws JobException {
    return queue()
        .job(new JobId(name))
        .filter(each -> member.map(each.member()::equals).orElse(true))
        .orElseThrow(
            () ->
                new JobException(
                    JobException.Kind.UNKNOWN,
                    "this node knows no job " + name + " (try: waggle job list)"));
  }

  private CompletableFuture<Void> retry(JobSummary job) {
    return job.state() == JobState.HANDING_OVER
        ? node.jobHandovers().takeBack(job, /* evenUnheard= */ false)
        : queue().retry(job.id());
  }

  private ObjectNode json(JobSummary job) {
    ObjectNode body = JobJson.of(job);
    if (!job.coordinator().isEmpty()) {
      body.put("coordinator", Members.name(node.swarm().membership(), job.coordinator()));
    }
    return body;
  }

  private JsonNode list(Optional<String> member, int max) {
    ObjectNode body = object();
    ArrayNode jobs = body.putArray("jobs");
    member
        .map(each -> queue().jobsOf(each, max))
        .orElseGet(() -> queue().jobs(max))
        .forEach(each -> jobs.add(json(each)));
    return body;
  }

  private JsonNode tasks(JobId job, int from, int max) {
    ObjectNode body = object();
    ArrayNode tasks = body.putArray("tasks");
    LocalJobs.<JobTask>fill(
        tasks,
        max,
        JobJson::of,
        (last, some) -> queue().tasks(job, last == null ? from : last.number() + 1, some));
    return body;
  }

  private JsonNode events(JobId job, long after, int max) {
    ObjectNode body = object();
    ArrayNode events = body.putArray("events");
    LocalJobs.<JobEvent>fill(
        events,
        max,
        JobJson::of,
        (last, some) -> queue().events(job, last == null ? after : last.number(), some));
    return body;
  }

  private interface Slices<T> {
    List<T> next(@Nullable T last, int some);
  }

  private static <T> void fill(
      ArrayNode page, int max, Function<T, ObjectNode> json, Slices<T> slices) {
    long bytes = 0;
    T last = null;
    while (page.size() < max) {
      List<T> slice = slices.next(last, Math.min(SLICE, max - page.size()));
      for (T each : slice) {
        ObjectNode node = json.apply(each);
        bytes += node.toString().length();
        if (bytes > PAGE_BYTES_MAX && !page.isEmpty()) {
          return;
        }
        page.add(node);
        last = each;
      }
      if (slice.size() < SLICE) {
        return;
      }
    }
  }

  /**
   * A part of a file that a task of a member left; empty after its end.
   *
   * @throws JobException if that task left no such file, or it is not here
   */
  byte[] artifact(String member, JobRequest.Artifact request) throws JobException {
    JobId job = require(Optional.of(member), request.job()).id();
    Optional<Path> file =
        queue().tasks(job, request.number(), 1).stream()
            .filter(each -> each.number() == request.number() && left(each, request.sha256()))
            .findFirst()
            .flatMap(each -> node.artifacts().find(request.sha256()));
    if (file.isEmpty()) {
      throw new JobException(
          JobException.Kind.UNKNOWN,
          "task " + request.number() + " of job " + job + " left no such file there");
    }
    return piece(file.get(), request.offset());
  }

  /** A part of a file; empty after its end. */
  static byte[] piece(Path file, long offset) {
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      long rest = Math.max(0, channel.size() - offset);
      ByteBuffer piece = ByteBuffer.allocate((int) Math.min(rest, PIECE_BYTES_MAX));
      channel.position(offset);
      while (piece.hasRemaining() && channel.read(piece) >= 0) {
        // Goes on.
      }
      return piece.array();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean left(JobTask task, String sha256) {
    try {
      for (JsonNode each : JSON.readTree(task.result().orElse("{}")).path("artifacts")) {
        if (each.path("sha256").asText().equals(sha256)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
