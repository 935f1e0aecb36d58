package dev.waggle.worker.engine.llamacpp;

import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Digests;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.engine.Patience;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the {@code .gguf} files of a folder with llama.cpp. A model is loaded by its first chat and
 * unloaded, which ends its child, when nobody used it for {@link #IDLE_MAX} or another needs the
 * room.
 */
public final class LlamaCppEngine implements Engine {
  /** The most models in memory at once. */
  static final int LOADED_MAX = 2;

  /** How long a model stays in memory without use. */
  static final Duration IDLE_MAX = Duration.ofMinutes(5);

  /** The longest context that a model is loaded with; shorter where it was trained for less. */
  static final int CONTEXT_TOKENS_MAX = 4_096;

  private static final Logger log = LoggerFactory.getLogger(LlamaCppEngine.class);
  private static final String SUFFIX = ".gguf";
  private static final int MODELS_MAX = 64;
  private static final Duration UNLOAD_ROUND = Duration.ofSeconds(30);

  private final Path models;
  private final Path nativeDirectory;
  private final Patience patience;
  private final ScheduledExecutorService timer;
  private final ScheduledFuture<?> unloading;
  private final Map<Path, Facts> facts = new HashMap<>();
  private final Map<String, Slot> slots = new HashMap<>();
  private boolean closed;

  /** What a file says, as long as it does not change. */
  private record Facts(long size, FileTime modified, String digest, int contextTokens) {}

  /** One model's child, when it has one. The lock is held for the time of a chat. */
  static final class Slot {
    private @Nullable LlamaProcess process;
    private boolean busy;
    private long lastUsed = System.nanoTime();
  }

  /**
   * Prepares the engine; nothing is loaded yet.
   *
   * @param models the folder with the files; need not exist
   * @param nativeDirectory where children unpack their native library
   * @param patience how long an answer may pause before it counts as stuck
   * @param timer watches; stays the caller's to close
   */
  public LlamaCppEngine(
      Path models, Path nativeDirectory, Patience patience, ScheduledExecutorService timer) {
    this.models = models;
    this.nativeDirectory = nativeDirectory;
    this.patience = patience;
    this.timer = timer;
    this.unloading =
        timer.scheduleWithFixedDelay(
            this::unloadIdle,
            UNLOAD_ROUND.toMillis(),
            UNLOAD_ROUND.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  @Override
  public String name() {
    return "llama.cpp";
  }

  @Override
  public List<ModelOffer> models() throws EngineException {
    List<ModelOffer> offers = new ArrayList<>();
    if (!Files.isDirectory(models)) {
      return offers;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(models, "*" + SUFFIX)) {
      for (Path file : files) {
        if (offers.size() < MODELS_MAX && Files.isRegularFile(file) && Files.isReadable(file)) {
          offers.add(offer(file));
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, models + " cannot be read: " + e.getMessage(), e);
    }
    return offers;
  }

  private ModelOffer offer(Path file) throws IOException {
    String name = modelName(file);
    Facts known = facts(file);
    return new ModelOffer(
        name,
        known.digest(),
        name(),
        known.size(),
        known.contextTokens(),
        isLoaded(name),
        0,
        false,
        Set.of(Ability.COMPLETION),
        false,
        Speed.UNKNOWN);
  }

  private static String modelName(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(0, name.length() - SUFFIX.length());
  }

  /** Read again only when the file changed. */
  private synchronized Facts facts(Path file) throws IOException {
    long size = Files.size(file);
    FileTime modified = Files.getLastModifiedTime(file);
    Facts known = facts.get(file);
    if (known == null || known.size() != size || !known.modified().equals(modified)) {
      known = new Facts(size, modified, Digests.of(file, () -> {}).toString(), contextTokens(file));
      if (facts.size() >= MODELS_MAX) {
        facts.clear();
      }
      facts.put(file, known);
    }
    return known;
  }

  /** llama.cpp says what is wrong with a file that cannot be read here. */
  private static int contextTokens(Path file) {
    try {
      int trained = GgufReader.contextTokens(file);
      return trained == 0 ? CONTEXT_TOKENS_MAX : Math.min(trained, CONTEXT_TOKENS_MAX);
    } catch (IOException e) {
      log.debug("{} does not say its context: {}", file, e.toString());
      return CONTEXT_TOKENS_MAX;
    }
  }

  private boolean isLoaded(String model) {
    synchronized (slots) {
      Slot slot = slots.get(model);
      return slot != null && slot.process != null && slot.process.isAlive();
    }
  }

  @Override
  public Generation start(TaskSpec task) {
    return new LlamaGeneration(this, task, patience, timer);
  }

  /** What one chat has of the engine until {@link #release}. */
  Slot acquire(String model) throws InterruptedException, EngineException {
    List<LlamaProcess> ending = new ArrayList<>();
    Slot slot;
    synchronized (slots) {
      while (!closed && slots.containsKey(model) && slots.get(model).busy) {
        slots.wait();
      }
      if (closed) {
        throw new EngineException(Outcome.Failure.ENGINE, "the node is shutting down");
      }
      slot = slots.computeIfAbsent(model, name -> new Slot());
      slot.busy = true;
      makeRoom(slot, ending);
    }
    ending.forEach(LlamaProcess::close);
    return slot;
  }

  private void makeRoom(Slot wanted, List<LlamaProcess> ending) {
    while (wanted.process == null) {
      List<Slot> loaded = slots.values().stream().filter(slot -> slot.process != null).toList();
      Slot oldest =
          loaded.stream()
              .filter(slot -> !slot.busy)
              .min((one, other) -> Long.compare(one.lastUsed, other.lastUsed))
              .orElse(null);
      if (loaded.size() < LOADED_MAX || oldest == null || oldest.process == null) {
        return;
      }
      ending.add(oldest.process);
      oldest.process = null;
    }
  }

  /** The slot's child, started if need be; the caller holds the slot. */
  LlamaProcess process(Slot slot, String model, LlamaProcess.Starting starting)
      throws EngineException {
    synchronized (slots) {
      if (slot.process != null && slot.process.isAlive()) {
        return slot.process;
      }
    }
    Path file = models.resolve(model + SUFFIX);
    if (!Files.isRegularFile(file) || !models.equals(file.getParent())) {
      throw new EngineException(Outcome.Failure.NO_SUCH_MODEL, file + " is not there any more");
    }
    LlamaProcess started = LlamaProcess.start(file, nativeDirectory, contextTokens(file), starting);
    log.info("loaded {} with llama.cpp in {} ms", model, started.loadTime().toMillis());
    synchronized (slots) {
      if (!closed) {
        slot.process = started;
        return started;
      }
    }
    started.close();
    throw new EngineException(Outcome.Failure.ENGINE, "the node is shutting down");
  }

  /**
   * Gives a slot back.
   *
   * @param broken whether its child is in an unknown state and has to end
   */
  void release(Slot slot, boolean broken) {
    LlamaProcess ended = null;
    synchronized (slots) {
      slot.busy = false;
      slot.lastUsed = System.nanoTime();
      if (broken) {
        ended = slot.process;
        slot.process = null;
      }
      slots.notifyAll();
    }
    if (ended != null) {
      ended.close();
    }
  }

  private void unloadIdle() {
    List<LlamaProcess> ending = new ArrayList<>();
    synchronized (slots) {
      long now = System.nanoTime();
      for (Map.Entry<String, Slot> each : slots.entrySet()) {
        Slot slot = each.getValue();
        if (!slot.busy && slot.process != null && now - slot.lastUsed > IDLE_MAX.toNanos()) {
          log.info("unloading {}", each.getKey());
          ending.add(slot.process);
          slot.process = null;
        }
      }
      slots.values().removeAll(forgotten());
    }
    ending.forEach(LlamaProcess::close);
  }

  private Set<Slot> forgotten() {
    return slots.values().stream()
        .filter(slot -> !slot.busy && slot.process == null)
        .collect(java.util.stream.Collectors.toSet());
  }

  /** Ends every child. */
  @Override
  public void close() {
    unloading.cancel(false);
    List<LlamaProcess> ending = new ArrayList<>();
    synchronized (slots) {
      closed = true;
      for (Slot slot : slots.values()) {
        if (slot.process != null) {
          ending.add(slot.process);
        }
      }
      slots.clear();
      slots.notifyAll();
    }
    ending.forEach(LlamaProcess::close);
  }
}
