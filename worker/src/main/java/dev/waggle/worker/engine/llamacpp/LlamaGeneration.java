package dev.waggle.worker.engine.llamacpp;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.engine.Patience;
import dev.waggle.worker.engine.SilenceWatch;
import dev.waggle.worker.engine.llamacpp.ChildMessage.Ask;
import dev.waggle.worker.engine.llamacpp.ChildMessage.Ended;
import dev.waggle.worker.engine.llamacpp.ChildMessage.Said;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One answer of a model's child process. A cancelled one leaves the model loaded if it can. */
final class LlamaGeneration implements Generation {
  // How long a child may take to notice that its answer is not wanted any more.
  private static final Duration STOP_MAX = Duration.ofSeconds(1);

  private final LlamaCppEngine engine;
  private final TaskSpec task;
  private final Patience patience;
  private final ScheduledExecutorService timer;
  private final Object lock = new Object();
  private boolean canceled;
  private boolean loading;
  private boolean complete;
  private @Nullable Process starting;
  private @Nullable LlamaProcess process;

  LlamaGeneration(
      LlamaCppEngine engine, TaskSpec task, Patience patience, ScheduledExecutorService timer) {
    this.engine = engine;
    this.task = task;
    this.patience = patience;
    this.timer = timer;
  }

  @Override
  public End run(Output output) throws EngineException, IOException, InterruptedException {
    Ask ask = ask();
    LlamaCppEngine.Slot slot = engine.acquire(task.model());
    SilenceWatch watch = new SilenceWatch(patience, timer, this::end);
    try {
      LlamaProcess child = engine.process(slot, task.model(), this::onStarting);
      Duration load;
      synchronized (lock) {
        load = loading ? child.loadTime() : Duration.ZERO;
        process = child;
        starting = null;
        complete = true; // Nothing was asked yet, so the child is in order.
        requireWanted();
        complete = false;
      }
      child.send(ask);
      if (ask.format() != null) {
        requireUnderstood(child);
      }
      return read(child, output, load, watch);
    } catch (IOException | EngineException e) {
      synchronized (lock) {
        if (watch.isSilent()) {
          throw new EngineException(Outcome.Failure.ENGINE, "llama.cpp " + watch.words(), e);
        }
        requireWanted();
      }
      throw e;
    } finally {
      watch.close();
      engine.release(slot, !isComplete());
    }
  }

  private boolean isComplete() {
    synchronized (lock) {
      return complete;
    }
  }

  private void requireWanted() throws InterruptedException {
    if (canceled) {
      throw new InterruptedException("canceled");
    }
  }

  private void onStarting(Process child) {
    synchronized (lock) {
      starting = child;
      loading = true;
      if (canceled) {
        child.destroyForcibly();
      }
    }
  }

  private static void requireUnderstood(LlamaProcess child) throws EngineException {
    try {
      child.hear();
    } catch (IOException e) {
      throw new EngineException(
          Outcome.Failure.BAD_REQUEST,
          "llama.cpp cannot read the format of the answer (is it a JSON Schema?)",
          e);
    }
  }

  private End read(LlamaProcess child, Output output, Duration load, SilenceWatch watch)
      throws EngineException, IOException, InterruptedException {
    IOException unread = null;
    while (true) {
      Said said;
      try {
        said = child.hear();
      } catch (IOException e) {
        throw new EngineException(
            Outcome.Failure.ENGINE, "llama.cpp ended in the middle of an answer", e);
      }
      watch.onHeard();
      Ended end = said.end();
      String refused = said.refused();
      if (end != null || refused != null) {
        synchronized (lock) {
          complete = true;
          requireWanted();
        }
        if (unread != null) {
          throw unread;
        }
        if (end == null) {
          throw new EngineException(Outcome.Failure.BAD_REQUEST, String.valueOf(refused));
        }
        return end(end, load);
      }
      if (said.text() != null && unread == null) {
        try {
          output.chunk(new Chunk.Text(said.text()));
        } catch (IOException e) {
          unread = e;
          child.send(Ask.STOP);
        }
      }
      watch.onPassedOn();
    }
  }

  private static End end(Ended end, Duration load) {
    return new End(
        end.length() ? Outcome.FinishReason.LENGTH : Outcome.FinishReason.STOP,
        new Usage(
            end.promptTokens(),
            end.outputTokens(),
            load,
            Duration.ofMillis(end.prefillMs()),
            Duration.ofMillis(end.decodeMs())));
  }

  private Ask ask() throws EngineException {
    if (task instanceof TaskSpec.Chat chat) {
      List<ChildMessage.Turn> turns =
          chat.messages().stream()
              .map(
                  message ->
                      new ChildMessage.Turn(
                          message.role().name().toLowerCase(Locale.ROOT), message.content()))
              .toList();
      return ask(
          turns,
          chat.begun().map(Continuation::text).orElse(""),
          chat.sampling(),
          chat.options().format().orElse(null));
    }
    if (task instanceof TaskSpec.Completion completion && completion.suffix().isEmpty()) {
      return completion.raw()
          ? ask(List.of(), completion.prompt(), completion.sampling(), null)
          : ask(
              List.of(new ChildMessage.Turn("user", completion.prompt())),
              "",
              completion.sampling(),
              null);
    }
    throw new EngineException(
        Outcome.Failure.BAD_REQUEST, "llama.cpp runs chats and plain completions only, here");
  }

  private static Ask ask(
      List<ChildMessage.Turn> turns, String text, Sampling sampling, @Nullable String format) {
    return new Ask(
        turns,
        text,
        format,
        sampling.maxTokens().isPresent() ? sampling.maxTokens().getAsInt() : null,
        sampling.temperature().isPresent() ? sampling.temperature().getAsDouble() : null,
        sampling.topP().isPresent() ? sampling.topP().getAsDouble() : null,
        sampling.topK().isPresent() ? sampling.topK().getAsInt() : null,
        sampling.minP().isPresent() ? sampling.minP().getAsDouble() : null,
        penalty(sampling.penalties().presence()),
        penalty(sampling.penalties().frequency()),
        penalty(sampling.penalties().repeat()),
        sampling.seed().isPresent() ? sampling.seed().getAsLong() : null,
        sampling.stop());
  }

  private static @Nullable Double penalty(OptionalDouble value) {
    return value.isPresent() ? value.getAsDouble() : null;
  }

  @Override
  public void cancel() {
    LlamaProcess loaded;
    synchronized (lock) {
      canceled = true;
      if (starting != null) {
        starting.destroyForcibly();
      }
      loaded = complete ? null : process;
    }
    if (loaded == null) {
      return;
    }
    try {
      loaded.send(Ask.STOP);
      timer.schedule((Runnable) this::end, STOP_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (IOException e) {
      end();
    }
  }

  /** Ends the child, unless it is done: the only way to stop native code that may be anywhere. */
  private void end() {
    LlamaProcess loaded;
    synchronized (lock) {
      if (starting != null) {
        starting.destroyForcibly();
      }
      loaded = complete ? null : process;
    }
    if (loaded != null) {
      loaded.close();
    }
  }
}
