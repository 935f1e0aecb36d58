package dev.waggle.coordinator.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.Placement;
import dev.waggle.coordinator.TaskFailure;
import dev.waggle.coordinator.Terms;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.EntryType;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One task, asked of as many workers, one after another, as its result has to be compared with.
 * Steps follow each other; {@link #stop} may come from any thread.
 */
final class VerifiedRun {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JobRunner.Parts parts;
  private final TaskSpec spec;
  private final Terms terms;
  private final Consumer<Placement> onStarted;
  private final Quorum quorum;
  private final boolean compares;
  private final Map<String, ObjectNode> results = new HashMap<>();
  private final Set<PeerId> asked = new HashSet<>();
  private final CompletableFuture<ObjectNode> result = new CompletableFuture<>();
  private @Nullable Asking asking;
  private boolean canceled;

  /**
   * @param replicas see {@link TaskDraft#replicas}
   */
  VerifiedRun(
      JobRunner.Parts parts,
      TaskSpec spec,
      Terms terms,
      int replicas,
      Consumer<Placement> onStarted) {
    this.parts = parts;
    this.spec = spec;
    this.terms = terms;
    this.onStarted = onStarted;
    this.quorum = new Quorum(replicas);
    // What a model says is another thing each time.
    this.compares = replicas != 1 && spec instanceof TaskSpec.Code;
  }

  /** Starts it; fails with what {@link Asking} fails with. */
  CompletableFuture<ObjectNode> start() {
    ask();
    return result;
  }

  private void ask() {
    Terms these =
        compares
            ? terms.verifiedBy(
                asked.isEmpty()
                    ? "compared with others, unless its worker is trusted"
                    : "compared with " + (asked.size() == 1 ? "another" : asked.size() + " others"),
                asked)
            : terms;
    Asking next =
        Asking.start(parts.swarm(), spec, these, parts.artifacts(), parts.blocking(), onStarted);
    boolean late;
    synchronized (this) {
      asking = next;
      late = canceled;
    }
    if (late) {
      next.cancel();
    }
    next.answer()
        .whenCompleteAsync(
            (answer, failure) -> {
              if (failure == null) {
                onAnswer(answer);
              } else {
                onFailure(failure);
              }
            },
            parts.blocking())
        .exceptionally(
            bug -> {
              result.completeExceptionally(bug);
              return null;
            });
  }

  private void onAnswer(Asking.Answer answer) {
    ObjectNode json = answer.content().json(JSON, answer.summary());
    if (!compares) {
      result.complete(json);
      return;
    }
    PeerId worker = answer.summary().placement().worker();
    String hash = answer.content().comparable(JSON).toString();
    asked.add(worker);
    results.putIfAbsent(hash, json);
    quorum.add(
        worker.toString(),
        hash,
        worker.equals(parts.self())
            ? Quorum.TRUSTED_FROM
            : parts.queue().trustOf(worker.toString()),
        parts.random().nextDouble());
    if (quorum.winner().isPresent()) {
      accept(quorum.winner().get());
    } else if (quorum.isExhausted()) {
      disagreed();
    } else {
      ask();
    }
  }

  private void onFailure(Throwable failure) {
    Throwable cause = Failures.cause(failure);
    boolean alone = cause instanceof Asking.FailedException none && none.isForWantOfNodes();
    if (alone && !results.isEmpty() && quorum.isUnanimous()) {
      accept(results.keySet().iterator().next()); // Nobody else is there to compare it.
    } else if (alone && !results.isEmpty()) {
      disagreed();
    } else {
      result.completeExceptionally(cause);
    }
  }

  private void disagreed() {
    result.completeExceptionally(
        new Asking.FailedException(
            new TaskFailure.Failed(
                quorum.runs()
                    + " workers had different results, and no other can settle it (is the script"
                    + " deterministic?)")));
  }

  private void accept(String winner) {
    ObjectNode json = results.get(winner);
    if (json == null) {
      throw new AssertionError("who voted for a result brought it");
    }
    String words = quorum.words(winner);
    json.put("verified", words);
    if (quorum.runs() > 1) {
      quorum.whoHad(winner).forEach(each -> parts.queue().trust(each, 1));
      for (String each : quorum.whoHadNot(winner)) {
        parts.queue().trust(each, -1);
        PeerId liar = PeerId.parse(each);
        if (!liar.equals(parts.self())) {
          parts.conduct().observe(liar, Fault.FALSE_RESULT);
        }
      }
    }
    String sentence = "task " + json.path("task").asText() + ": " + words;
    parts
        .ledger()
        .note(EntryType.APPROVAL, parts.self(), sentence.getBytes(StandardCharsets.UTF_8));
    result.complete(json);
  }

  /**
   * Gives it up.
   *
   * @param leaving whether workers that keep the result may end it
   */
  void stop(boolean leaving) {
    Asking open;
    synchronized (this) {
      canceled = true;
      open = asking;
    }
    if (open != null) {
      open.stop(leaving);
    }
    result.cancel(false);
  }
}
