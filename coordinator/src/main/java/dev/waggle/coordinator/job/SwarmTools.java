package dev.waggle.coordinator.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.Keeping;
import dev.waggle.coordinator.Placement;
import dev.waggle.coordinator.TaskFailure;
import dev.waggle.coordinator.Terms;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.Sha256;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.wire.SpecCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The swarm, the queue and what its owner allows outside, for one task that writes code. */
final class SwarmTools implements CodeTools {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration ANSWER_MAX = Duration.ofMinutes(30);
  private static final int BUSY_MAX = 60;
  // Of models that think first, too. Others would go on for as long as they have room.
  private static final int ANSWER_TOKENS_MAX = 8_192;
  private static final String ANSWER = "answer-";

  private final JobRunner.Parts parts;
  private final Claim.Proof proof;
  private final Priority priority;
  private final CodeOrder order;
  private final Set<Asking> asking = ConcurrentHashMap.newKeySet();
  private final Set<Thread> waiting = ConcurrentHashMap.newKeySet();
  private final CountDownLatch canceled = new CountDownLatch(1);

  SwarmTools(JobRunner.Parts parts, Claim.Proof proof, Priority priority, CodeOrder order) {
    this.parts = parts;
    this.proof = proof;
    this.priority = priority;
    this.order = order;
  }

  /** Makes whoever waits give up; from any thread. */
  void cancel() {
    canceled.countDown();
    asking.forEach(Asking::cancel);
    waiting.forEach(Thread::interrupt);
  }

  @Override
  public Repository repository(String sha256) throws IOException {
    return Repository.read(parts.artifacts(), sha256);
  }

  @Override
  public String ask(String step, String model, List<ChatMessage> messages, long seed, Spread spread)
      throws IOException, InterruptedException {
    Optional<String> known = parts.queue().step(proof.task(), step);
    if (known.isPresent()) {
      return known.get();
    }
    Set<Label> labels = Label.all(order.labels(), Label.OF_REQUEST_MAX);
    TaskSpec chat =
        new TaskSpec.Chat(
            model,
            labels,
            messages,
            Sampling.DEFAULT.withSeed(seed).withMaxTokens(ANSWER_TOKENS_MAX),
            ChatOptions.NONE,
            Optional.empty());
    Asking.Answer answer =
        elsewhereIfPossible(
            step, chat, spread.taken(), placement -> spread.take(placement.worker().toString()));
    String text = answer.content().text();
    if (answer.summary().reason() == Outcome.FinishReason.LENGTH) {
      tell(
          JSON.createObjectNode()
              .put("what", "cut")
              .put("step", step)
              .put("tokens", answer.summary().usage().outputTokens()));
    }
    keep(step, text);
    return text;
  }

  @Override
  public Ran run(String step, TaskSpec.Code script, Set<String> notBy)
      throws IOException, InterruptedException {
    String hash = HexFormat.of().formatHex(Sha256.of(SpecCodec.encode(script)));
    Optional<String> known = parts.queue().step(proof.task(), step);
    if (known.isPresent()) {
      JsonNode ran = JSON.readTree(known.get());
      // A verdict is of what was tested; who goes on elsewhere may come to the step with other
      // code.
      if (ran.path("script").asText().equals(hash)) {
        return new Ran(
            ran.path("passed").asBoolean(),
            ran.path("output").asText(),
            ran.path("worker").asText());
      }
    }
    Asking.Answer answer = elsewhereIfPossible(step, script, notBy, placement -> {});
    ExitReport exit =
        answer
            .content()
            .exit()
            .orElseThrow(() -> new IOException("the worker did not say how the tests ended"));
    String output = answer.content().output() + answer.content().errors();
    if (exit.end() != ExitReport.End.EXIT) {
      output +=
          "\n(ended at its limit of " + (exit.end() == ExitReport.End.TIME ? "time)" : "memory)");
    }
    Ran ran = new Ran(exit.succeeded(), output, answer.summary().placement().worker().toString());
    ObjectNode kept =
        JSON.createObjectNode()
            .put("script", hash)
            .put("passed", ran.passed())
            .put("output", ran.output())
            .put("worker", ran.worker());
    keep(step, kept.toString());
    return ran;
  }

  private Asking.Answer elsewhereIfPossible(
      String step, TaskSpec spec, Set<String> notBy, Consumer<Placement> onStarted)
      throws IOException, InterruptedException {
    Set<PeerId> others = notBy.stream().map(PeerId::parse).collect(Collectors.toSet());
    try {
      return answer(step, spec, others, onStarted);
    } catch (Asking.FailedException e) {
      if (others.isEmpty() || !e.isForWantOfNodes()) {
        throw failed(e);
      }
    }
    try {
      return answer(step, spec, Set.of(), onStarted);
    } catch (Asking.FailedException e) {
      throw failed(e);
    }
  }

  private static IOException failed(Asking.FailedException e) {
    boolean refused =
        e.failure() instanceof TaskFailure.TooLong || e.failure() instanceof TaskFailure.BadRequest;
    return refused
        ? new RefusedException(e.failure().message(), e)
        : new IOException(e.getMessage(), e);
  }

  /** Asks, and again when everybody is busy. */
  private Asking.Answer answer(
      String step, TaskSpec spec, Set<PeerId> notBy, Consumer<Placement> onStarted)
      throws IOException, InterruptedException, Asking.FailedException {
    Keeping keeping = new Keeping(parts.queue().part(proof, step), Optional.empty());
    Terms terms = Terms.USUAL.urgent(priority).verifiedBy("", notBy).kept(keeping);
    for (int tries = 1; ; tries++) {
      try {
        return once(spec, terms, onStarted);
      } catch (Asking.FailedException e) {
        if (!(e.failure() instanceof TaskFailure.Overloaded busy) || tries == BUSY_MAX) {
          throw e;
        }
        pause(busy.retryAfter());
      }
    }
  }

  private Asking.Answer once(TaskSpec spec, Terms terms, Consumer<Placement> onStarted)
      throws IOException, InterruptedException, Asking.FailedException {
    Asking next =
        Asking.start(parts.swarm(), spec, terms, parts.artifacts(), parts.blocking(), onStarted);
    asking.add(next);
    waiting.add(Thread.currentThread());
    try {
      if (canceled.getCount() == 0) {
        throw new InterruptedException("the job was cancelled");
      }
      return next.answer().get(ANSWER_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Asking.FailedException known) {
        throw known;
      }
      throw new IOException(String.valueOf(e.getCause()), e);
    } catch (TimeoutException e) {
      throw new IOException("no answer came within " + ANSWER_MAX.toMinutes() + " minutes", e);
    } finally {
      waiting.remove(Thread.currentThread());
      asking.remove(next);
      if (!next.answer().isDone()) {
        next.cancel();
      }
    }
  }

  private void pause(Duration time) throws InterruptedException {
    if (canceled.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("the job was cancelled");
    }
  }

  @Override
  public Optional<String> askUpstream(String step, List<ChatMessage> messages)
      throws IOException, InterruptedException {
    Optional<String> known = parts.queue().step(proof.task(), step);
    if (known.isPresent() || !parts.upstream().isAllowed(order.labels())) {
      return known;
    }
    String answer = parts.upstream().ask(messages);
    keep(step, answer);
    return Optional.of(answer);
  }

  private void keep(String step, String result) throws InterruptedException {
    try {
      parts.queue().keepStep(proof, step, result).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof JobException) {
        throw new InterruptedException("the job was cancelled");
      }
      throw new UncheckedIOException(new IOException(e.getCause()));
    }
  }

  @Override
  public void tell(ObjectNode event) {
    parts.queue().progress(proof, event.toString());
  }

  @Override
  public Optional<JsonNode> answer(int question) {
    return parts
        .queue()
        .step(proof.task(), ANSWER + question)
        .map(
            text -> {
              try {
                return JSON.readTree(text);
              } catch (JsonProcessingException e) {
                throw new UncheckedIOException(e);
              }
            });
  }
}
