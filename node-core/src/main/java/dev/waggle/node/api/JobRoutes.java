package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.job.Claim;
import dev.waggle.coordinator.job.JobDraft;
import dev.waggle.coordinator.job.JobException;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobQueue;
import dev.waggle.coordinator.job.Repository;
import dev.waggle.coordinator.job.TaskEnd;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.swarm.job.JobRequest;
import dev.waggle.node.data.AccessToken.Scope;
import dev.waggle.node.job.JobFile;
import dev.waggle.node.job.JobFileException;
import dev.waggle.node.job.JobSchema;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Jobs: what they are, how they go, and who runs their tasks. */
final class JobRoutes {
  private static final String ROOT = "/swarm/v1/jobs";
  private static final int LIMIT = 100;
  private static final int LIMIT_MAX = 1_000;
  private static final int NEEDS_MAX = 64;
  private static final int HOLDER_CHARACTERS_MAX = 200;
  // Less than what clients of this API wait for an answer.
  private static final Duration HANDOVER_MAX = Duration.ofSeconds(45);
  private static final Duration LEASE = Duration.ofSeconds(30);

  private final NodeControl node;
  private final JobHomes homes;
  private final Guard guard;
  private final LaterAnswers later;
  private final Vertx vertx;
  private final Executor blocking;
  private final Clock clock = Clock.systemUTC();

  JobRoutes(
      NodeControl node,
      JobHomes homes,
      Guard guard,
      LaterAnswers later,
      Vertx vertx,
      Executor blocking) {
    this.node = node;
    this.homes = homes;
    this.guard = guard;
    this.later = later;
    this.vertx = vertx;
    this.blocking = blocking;
  }

  void addTo(Router router) {
    router
        .get(ROOT + "/schema")
        .handler(
            context ->
                context
                    .response()
                    .putHeader("content-type", "application/schema+json")
                    .end(JobSchema.text()));
    router.route(ROOT).handler(guard.requiring(Scope.JOBS));
    router.route(ROOT + "/*").handler(guard.requiring(Scope.JOBS));
    router.post(ROOT).handler(this::submit);
    router.get(ROOT).handler(this::list);
    router.post(ROOT + "/claims").handler(this::claim);
    router.post(ROOT + "/claims/renew").handler(this::renew);
    router.post(ROOT + "/claims/settle").handler(this::settle);
    router.get(ROOT + "/:id").handler(this::show);
    router.get(ROOT + "/:id/tasks").handler(this::tasks);
    router.get(ROOT + "/:id/events").handler(this::events);
    router
        .post(ROOT + "/:id/cancel")
        .handler(context -> ask(context, new JobRequest.Cancel(id(context).value())));
    router.post(ROOT + "/:id/retry").handler(this::retry);
    router.post(ROOT + "/:id/handover").handler(this::handOver);
    router.post(ROOT + "/:id/tasks/:number/answer").handler(this::answer);
  }

  private JobQueue queue() {
    return node.jobs();
  }

  private static JobId id(RoutingContext context) {
    return id(context.pathParam("id"));
  }

  static JobId id(String name) {
    try {
      return new JobId(name);
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong("id", "is no job's name (16 hex digits; see: waggle job list)");
    }
  }

  static int number(RoutingContext context, String name, int fallback, int most) {
    String text = context.request().getParam(name);
    if (text == null) {
      return fallback;
    }
    try {
      int number = Integer.parseInt(text);
      if (number >= 0 && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw JsonFields.wrong(name, "has to be a number from 0 to " + most);
    }
    throw JsonFields.wrong(name, "has to be a number from 0 to " + most);
  }

  /** What the queue refuses, as HTTP says it. */
  static ApiException refused(JobException e) {
    int status =
        switch (e.kind()) {
          case UNKNOWN -> 404;
          case FORBIDDEN -> 403;
          case CONFLICT -> 409;
          case FULL -> 503;
          case INVALID -> 400;
        };
    String code =
        switch (e.kind()) {
          case UNKNOWN -> "not_found";
          case FORBIDDEN -> "forbidden";
          case CONFLICT -> "conflict";
          case FULL -> "overloaded";
          case INVALID -> "invalid";
        };
    return new ApiException(ApiError.of(status, e.getMessage(), code));
  }

  private <T> void answer(
      RoutingContext context, CompletableFuture<T> future, Function<T, JsonNode> json) {
    later.answer(
        context,
        future.handle(
            (value, failure) -> {
              if (failure == null) {
                return json.apply(value);
              }
              Throwable cause = Failures.cause(failure);
              throw cause instanceof JobException known
                  ? refused(known)
                  : new CompletionException(cause);
            }));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private void change(RoutingContext context, CompletableFuture<Void> change) {
    answer(context, change, nothing -> object().put("status", "ok"));
  }

  private void submit(RoutingContext context) {
    String text = context.body().length() > 0 ? context.body().asString() : "";
    String on = on(context);
    context.response().setStatusCode(202);
    try {
      answer(
          context,
          CompletableFuture.supplyAsync(() -> read(text), blocking)
              .thenComposeAsync(draft -> homes.submit(homes.ofNew(on), draft), blocking),
          job -> job);
    } catch (RejectedExecutionException e) {
      throw new ApiException(
          ApiError.of(503, "this node is too busy (try again in a moment)", "overloaded"));
    }
  }

  private JobDraft read(String text) {
    try {
      JobDraft draft = new JobFile(clock, node.config().requestLabels()).read(text);
      for (String each : draft.repositories()) {
        Repository.read(node.artifacts(), each);
      }
      return draft;
    } catch (JobFileException e) {
      throw new ApiException(ApiError.badRequest(e.getMessage(), null));
    } catch (IOException e) {
      throw new ApiException(ApiError.badRequest("repo: " + e.getMessage(), "repo"));
    }
  }

  /** Where the request says that the job is; null where it does not. */
  static @Nullable String on(RoutingContext context) {
    return context.request().getParam("on");
  }

  private void ask(RoutingContext context, JobRequest request) {
    answer(context, homes.ask(id(context), on(context), request), body -> body);
  }

  private void list(RoutingContext context) {
    int limit = number(context, "limit", LIMIT, LIMIT_MAX);
    String on = on(context);
    answer(
        context,
        CompletableFuture.supplyAsync(() -> homes.list(on, Math.max(1, limit)), blocking)
            .thenCompose(list -> list),
        body -> body);
  }

  private void show(RoutingContext context) {
    ask(context, new JobRequest.Show(id(context).value()));
  }

  private void tasks(RoutingContext context) {
    int from = number(context, "from", 0, Integer.MAX_VALUE);
    int limit = number(context, "limit", LIMIT, LIMIT_MAX);
    ask(context, new JobRequest.Tasks(id(context).value(), from, Math.max(1, limit)));
  }

  private void events(RoutingContext context) {
    JobId job = id(context);
    String header = context.request().getHeader("last-event-id");
    if (header != null) {
      context.request().params().set("after", header);
    }
    int after = number(context, "after", 0, Integer.MAX_VALUE);
    int limit = number(context, "limit", LIMIT, LIMIT_MAX);
    String accept = context.request().getHeader("accept");
    if (accept != null && accept.contains("text/event-stream")) {
      answerEvents(context, job, after);
      return;
    }
    ask(context, new JobRequest.Events(job.value(), after, Math.max(1, limit)));
  }

  private void answerEvents(RoutingContext context, JobId job, int after) {
    var loop = vertx.getOrCreateContext();
    String on = on(context);
    homes
        .ask(job, on, new JobRequest.Show(job.value()))
        .whenComplete(
            (known, failure) ->
                loop.runOnContext(
                    now -> {
                      if (failure != null) {
                        Throwable cause = Failures.cause(failure);
                        context.fail(cause instanceof JobException e ? refused(e) : cause);
                      } else {
                        JobEventStream.start(
                            vertx,
                            context.response(),
                            queue(),
                            (from, most) -> homes.events(job, on, from, most),
                            job,
                            after);
                      }
                    }));
  }

  private void retry(RoutingContext context) {
    JobId job = id(context);
    if (!HttpApi.fields(context).flag("lost", false)) {
      ask(context, new JobRequest.Retry(job.value()));
      return;
    }
    change(
        context,
        CompletableFuture.supplyAsync(() -> queue().job(job), blocking)
            .thenCompose(
                known ->
                    known
                        .filter(each -> each.state().isLeaving())
                        .map(each -> node.jobHandovers().takeBack(each, /* evenUnheard= */ true))
                        .orElseGet(() -> CompletableFuture.failedFuture(neverLeft(job)))));
  }

  private static JobException neverLeft(JobId job) {
    return new JobException(
        JobException.Kind.CONFLICT,
        "job "
            + job
            + " was not handed over from this node (leave \"lost\" out, or submit it again)");
  }

  private void handOver(RoutingContext context) {
    JobId job = id(context);
    String to = HttpApi.fields(context).text("to");
    PeerId member = Members.named(node.swarm().membership(), "to", to);
    if (member.equals(node.swarm().peerId())) {
      throw JsonFields.wrong("to", "is this node");
    }
    answer(
        context,
        CompletableFuture.supplyAsync(() -> node.jobHandovers().begin(job, member), blocking)
            .thenCompose(begun -> begun)
            // It goes on without who asked.
            .completeOnTimeout(false, HANDOVER_MAX.toSeconds(), TimeUnit.SECONDS),
        isThere ->
            object()
                .put("job", job.value())
                .put("state", isThere ? "handed_over" : "handing_over")
                .put("coordinator", Members.name(node.swarm().membership(), member.toString())));
  }

  private void answer(RoutingContext context) {
    JobId job = id(context);
    int number = number(context, "number", 0, JobDraft.TASKS_MAX);
    JsonFields fields = HttpApi.fields(context);
    ObjectNode answer = object();
    if (fields.flag("give_up", false)) {
      answer.put("give_up", true);
    } else if (!fields.text("code", "").isBlank()) {
      answer.put("code", fields.text("code"));
    } else if (!fields.text("context", "").isBlank()) {
      answer.put("context", fields.text("context"));
    } else {
      throw JsonFields.wrong("the body", "has to have a context, code, or give_up");
    }
    answer(
        context,
        homes.ask(
            job,
            on(context),
            new JobRequest.AnswerTask(job.value(), number),
            answer.toString().getBytes(StandardCharsets.UTF_8)),
        body -> body);
  }

  // ---- claims

  private void claim(RoutingContext context) {
    JsonFields fields = HttpApi.fields(context);
    String holder = fields.text("holder");
    if (holder.isBlank() || holder.length() > HOLDER_CHARACTERS_MAX) {
      throw JsonFields.wrong("holder", "has 1 to " + HOLDER_CHARACTERS_MAX + " characters");
    }
    Set<String> needs = new HashSet<>(fields.texts("needs", NEEDS_MAX));
    if (needs.isEmpty()) {
      throw JsonFields.wrong("needs", "is missing (for example [\"sandbox/python\", \"model\"])");
    }
    answer(
        context,
        queue().claim(holder, needs::contains, lease(fields)),
        claim -> {
          ObjectNode body = object();
          claim.ifPresent(each -> body.set("claim", JobJson.of(each)));
          return body;
        });
  }

  private static Duration lease(JsonFields fields) {
    OptionalInt lease = fields.integer("lease_ms", 1, (int) JobQueue.LEASE_MAX.toMillis());
    return lease.isPresent() ? Duration.ofMillis(lease.getAsInt()) : LEASE;
  }

  private static Claim.Proof proof(JsonFields fields) {
    JsonFields proof = fields.object("proof");
    try {
      return new Claim.Proof(
          new JobId(proof.text("job")),
          proof.integer("number", 0).orElse(0),
          proof.number("task").orElse(0),
          proof.integer("fence", 0).orElse(0),
          proof.text("seal", ""));
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong("proof.job", "is no job's name");
    }
  }

  private void renew(RoutingContext context) {
    JsonFields fields = HttpApi.fields(context);
    answer(
        context,
        queue().renew(proof(fields), lease(fields)),
        until -> object().put("until", until.toString()));
  }

  private void settle(RoutingContext context) {
    JsonFields fields = HttpApi.fields(context);
    Claim.Proof proof = proof(fields);
    JsonNode result = fields.node("result");
    String error = fields.text("error", "");
    if (result.isObject() == !error.isEmpty()) {
      throw JsonFields.wrong("the body", "has to have either a result, an object, or an error");
    }
    TaskEnd end =
        error.isEmpty()
            ? new TaskEnd.Done(result.toString())
            : new TaskEnd.Failed(error, fields.flag("final", false));
    change(context, queue().settle(proof, end));
  }
}
