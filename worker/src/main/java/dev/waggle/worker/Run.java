package dev.waggle.worker;

import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.Work;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.JobPart;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.ResultSink;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import java.io.IOException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One assigned task from its start on an engine to its result. */
final class Run {
  private static final Logger log = LoggerFactory.getLogger(Run.class);

  // Four and a half bits for each parameter are usual.
  private static final long BYTES_PER_MILLION = 570_000;

  private static final int BEGINNING_CHARACTERS = 256;

  private final Worker.Parts parts;
  private final Catalog catalog;
  private final Assignment assignment;
  private final ModelId promised;
  private final int demandPercent;
  private final ResultSink sink;
  private final KeptResults keeping;
  private final OwnHalves halves;
  private long outputBytes;
  private boolean alone;
  private boolean canceled;
  private @Nullable Generation generation;
  private @Nullable CompletableFuture<Optional<KeptResults.Kept>> earlier;
  private KeptResults.@Nullable Recording recording;

  Run(
      Worker.Parts parts,
      Catalog catalog,
      Assignment assignment,
      ModelId promised,
      int demandPercent,
      ResultSink sink,
      KeptResults keeping,
      OwnHalves halves) {
    this.parts = parts;
    this.catalog = catalog;
    this.assignment = assignment;
    this.promised = promised;
    this.demandPercent = demandPercent;
    this.sink = sink;
    this.keeping = keeping;
    this.halves = halves;
  }

  /** The model that it is for. */
  String model() {
    return promised.name();
  }

  /** How the prompt begins. */
  String beginning() {
    StringBuilder text = new StringBuilder();
    if (assignment.spec() instanceof TaskSpec.Chat chat) {
      for (ChatMessage each : chat.messages()) {
        text.append(each.content(), 0, Math.min(each.content().length(), BEGINNING_CHARACTERS));
        if (text.length() >= BEGINNING_CHARACTERS) {
          break;
        }
      }
    } else if (assignment.spec() instanceof TaskSpec.Completion completion) {
      String prompt = completion.prompt();
      text.append(prompt, 0, Math.min(prompt.length(), BEGINNING_CHARACTERS));
    }
    return text.toString();
  }

  /**
   * Runs the task and says everything to the sink, or what the same task came to before; blocks.
   *
   * @return what it used; empty unless it ran now and ended well
   */
  Optional<Usage> run() {
    try {
      Optional<KeptResults.Kept> known = known();
      if (known.isPresent()) {
        sink.running();
        for (Chunk each : known.get().chunks()) {
          send(each);
        }
        deliver(known.get().ending());
        return Optional.empty();
      }
    } catch (IOException e) {
      log.debug("task {}: nobody reads any more: {}", assignment.task(), e.getMessage());
      return Optional.empty();
    } catch (InterruptedException e) {
      log.debug("task {} was cancelled", assignment.task());
      return Optional.empty();
    }
    try {
      return runNow();
    } finally {
      KeptResults.Recording mine = recording();
      if (mine != null) {
        mine.fail();
      }
    }
  }

  /** What the same task came to for the same requester; waits for it while it runs. */
  private Optional<KeptResults.Kept> known() throws InterruptedException {
    Optional<CompletableFuture<Optional<KeptResults.Kept>>> found = keeping.find(assignment);
    synchronized (this) {
      if (found.isEmpty() || canceled) {
        return Optional.empty();
      }
      earlier = found.get();
    }
    try {
      return found.get().get();
    } catch (ExecutionException e) {
      throw new AssertionError("results do not fail", e);
    } catch (CancellationException e) {
      return Optional.empty();
    }
  }

  private synchronized KeptResults.@Nullable Recording recording() {
    return recording;
  }

  private Optional<Usage> runNow() {
    Optional<Catalog.Entry> entry = catalog.find(promised.name());
    if (entry.isEmpty() || !entry.get().offer().digest().equals(promised.digest())) {
      fail(Outcome.Failure.NO_SUCH_MODEL, "the model " + promised.name() + " is gone or another");
      return Optional.empty();
    }
    TaskSpec task = assignment.spec().with(promised.name());
    Generation mine = entry.get().engine().start(task, assignment.requester());
    synchronized (this) {
      if (canceled) {
        return Optional.empty();
      }
      generation = mine;
      recording = keeping.record(assignment).orElse(null);
    }
    Instant started = parts.clock().instant();
    sink.running();
    try {
      Generation.End end = mine.run(this::send);
      deliver(
          new KeptResults.Ending(
              work(task, entry.get().offer(), end),
              end.usage(),
              end.reason(),
              started,
              parts.clock().instant()));
      return Optional.of(end.usage());
    } catch (EngineException e) {
      log.info("task {} failed: {}", assignment.task(), e.getMessage());
      fail(e.failure(), e.getMessage());
    } catch (IOException e) {
      log.debug("task {}: nobody reads any more: {}", assignment.task(), e.getMessage());
    } catch (InterruptedException e) {
      log.debug("task {} was cancelled", assignment.task());
      sink.finish(new TaskResult(new Outcome.Canceled(), Usage.NONE, new byte[0]));
    }
    return Optional.empty();
  }

  private void deliver(KeptResults.Ending result) {
    Receipt half = receipt(result);
    KeptResults.Recording mine = recording();
    if (mine != null) {
      mine.end(result, half);
    }
    if (alone) {
      log.info("task {}: its requester is gone, the result is kept", assignment.task());
      return;
    }
    if (!assignment.requester().equals(parts.identity().peerId())) {
      halves.record(half);
    }
    sink.finish(new TaskResult(new Outcome.Done(result.reason()), result.usage(), half.bytes()));
  }

  private void send(Chunk chunk) throws IOException, InterruptedException {
    outputBytes += chunk.bytes();
    KeptResults.Recording mine = recording();
    if (mine != null) {
      mine.add(chunk);
    }
    try {
      if (!alone) {
        sink.chunk(chunk).get();
      }
    } catch (ExecutionException e) {
      if (!isKept()) {
        throw new IOException("the requester is gone", e.getCause());
      }
      alone = true;
    }
    if (alone && !isKept()) {
      throw new IOException("the requester is gone, and the result is too long to be kept");
    }
  }

  private Work work(TaskSpec task, ModelOffer model, Generation.End end) {
    Usage usage = end.usage();
    return new Work(
        usage.promptTokens(),
        usage.outputTokens(),
        task.promptBytes(),
        outputBytes,
        usage.load(),
        usage.prefill(),
        usage.decode(),
        model.accelerated(),
        model.parameters() > 0 ? model.parameters() : model.sizeBytes() / BYTES_PER_MILLION,
        demandPercent,
        end.reason().name().toLowerCase(Locale.ROOT));
  }

  private Receipt receipt(KeptResults.Ending result) {
    ReceiptBody body =
        new ReceiptBody(
            parts.swarm().get(),
            assignment.task().value(),
            assignment.claim().value(),
            assignment.requester(),
            parts.identity().peerId(),
            promised.name(),
            promised.digest(),
            assignment.part().map(JobPart::job).orElse(""),
            result.work(),
            result.started(),
            result.ended(),
            assignment.envelopeHash(),
            Label.texts(assignment.spec().requirements().labels()));
    return Receipt.byWorker(body, parts.identity());
  }

  /** Ends the task with an error of the worker itself. */
  void fail(String message) {
    fail(Outcome.Failure.ENGINE, message);
  }

  private void fail(Outcome.Failure failure, String message) {
    sink.finish(new TaskResult(new Outcome.Failed(failure, message), Usage.NONE, new byte[0]));
  }

  /** Whether it goes on without its requester, which will ask for it again; from any thread. */
  boolean isKept() {
    KeptResults.Recording mine = recording();
    return mine != null && mine.isWhole();
  }

  /** Stops the engine; from any thread. */
  void cancel() {
    Generation running;
    synchronized (this) {
      canceled = true;
      running = generation;
      if (earlier != null) {
        earlier.cancel(false);
      }
    }
    if (running != null) {
      running.cancel();
    }
  }
}
