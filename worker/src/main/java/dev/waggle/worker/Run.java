package dev.waggle.worker;

import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.Work;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
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
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One assigned task from its start on an engine to its result. */
final class Run {
  private static final Logger log = LoggerFactory.getLogger(Run.class);

  // Four and a half bits for each parameter are usual.
  private static final long BYTES_PER_MILLION = 570_000;

  private final Worker.Parts parts;
  private final Catalog catalog;
  private final Assignment assignment;
  private final ModelId promised;
  private final int demandPercent;
  private final ResultSink sink;
  private long outputBytes;
  private boolean canceled;
  private @Nullable Generation generation;

  Run(
      Worker.Parts parts,
      Catalog catalog,
      Assignment assignment,
      ModelId promised,
      int demandPercent,
      ResultSink sink) {
    this.parts = parts;
    this.catalog = catalog;
    this.assignment = assignment;
    this.promised = promised;
    this.demandPercent = demandPercent;
    this.sink = sink;
  }

  /** The model that it is for. */
  String model() {
    return promised.name();
  }

  /** Runs the task and says everything to the sink; blocks. */
  void run() {
    if (!(assignment.spec() instanceof TaskSpec.Chat chat)) {
      fail(Outcome.Failure.BAD_REQUEST, "this worker runs chats only");
      return;
    }
    Optional<Catalog.Entry> entry = catalog.find(promised.name());
    if (entry.isEmpty() || !entry.get().offer().digest().equals(promised.digest())) {
      fail(Outcome.Failure.NO_SUCH_MODEL, "the model " + promised.name() + " is gone or another");
      return;
    }
    Generation mine =
        entry
            .get()
            .engine()
            .chat(
                new TaskSpec.Chat(
                    promised.name(), chat.labels(), chat.messages(), chat.sampling()));
    synchronized (this) {
      if (canceled) {
        return;
      }
      generation = mine;
    }
    Instant started = parts.clock().instant();
    try {
      Generation.End end = mine.run(this::send);
      Receipt half = receipt(work(chat, entry.get().offer(), end), started);
      sink.finish(new TaskResult(new Outcome.Done(end.reason()), end.usage(), half.bytes()));
      record(half);
    } catch (EngineException e) {
      log.info("task {} failed: {}", assignment.task(), e.getMessage());
      fail(e.failure(), e.getMessage());
    } catch (IOException e) {
      log.debug("task {}: nobody reads any more: {}", assignment.task(), e.getMessage());
    } catch (InterruptedException e) {
      log.debug("task {} was cancelled", assignment.task());
      sink.finish(new TaskResult(new Outcome.Canceled(), Usage.NONE, new byte[0]));
    }
  }

  /** Nobody waits for it: the receipt that comes back says it again. */
  private void record(Receipt half) {
    if (assignment.requester().equals(parts.identity().peerId())) {
      return;
    }
    parts
        .ledger()
        .result(half)
        .exceptionally(
            failure -> {
              log.warn("a result was not recorded: {}", failure.getMessage());
              return null;
            });
  }

  private void send(Chunk chunk) throws IOException, InterruptedException {
    outputBytes += chunk.textBytes();
    try {
      sink.chunk(chunk).get();
    } catch (ExecutionException e) {
      throw new IOException("the requester is gone", e.getCause());
    }
  }

  private Work work(TaskSpec.Chat chat, ModelOffer model, Generation.End end) {
    Usage usage = end.usage();
    long promptBytes = 0;
    for (ChatMessage each : chat.messages()) {
      promptBytes += each.content().getBytes(StandardCharsets.UTF_8).length;
    }
    return new Work(
        usage.promptTokens(),
        usage.outputTokens(),
        promptBytes,
        outputBytes,
        usage.load(),
        usage.prefill(),
        usage.decode(),
        model.accelerated(),
        model.parameters() > 0 ? model.parameters() : model.sizeBytes() / BYTES_PER_MILLION,
        demandPercent,
        end.reason().name().toLowerCase(Locale.ROOT));
  }

  private Receipt receipt(Work work, Instant started) {
    ReceiptBody body =
        new ReceiptBody(
            parts.swarm().get(),
            assignment.task().value(),
            assignment.claim().value(),
            assignment.requester(),
            parts.identity().peerId(),
            promised.name(),
            promised.digest(),
            "",
            work,
            started,
            parts.clock().instant(),
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

  /** Stops the engine; from any thread. */
  void cancel() {
    Generation running;
    synchronized (this) {
      canceled = true;
      running = generation;
    }
    if (running != null) {
      running.cancel();
    }
  }
}
