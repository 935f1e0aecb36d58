package dev.waggle.worker.model;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobPeers;
import dev.waggle.mesh.swarm.blob.BlobSource;
import dev.waggle.mesh.swarm.blob.Pace;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.PeerView;
import dev.waggle.mesh.swarm.pull.PullTarget;
import dev.waggle.worker.engine.ModelLibrary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Copies of models between this machine and members. Thread-safe. */
public final class ModelTransfers implements AutoCloseable {
  /** The most sources of one copy: more gain nothing on one link. */
  static final int SOURCES_MAX = 4;

  /** How long an unfinished copy is kept that nobody goes on with. */
  static final Duration UNFINISHED_KEPT = Duration.ofDays(7);

  private static final Logger log = LoggerFactory.getLogger(ModelTransfers.class);
  private static final int FETCHING_THREADS = 2;
  private static final int FILES_TO_HASH_MAX = 64;
  private static final Duration IDLE_MAX = Duration.ofSeconds(10);

  private final Parts parts;
  private final ThreadPoolExecutor hashing =
      pool("model-hashing", 1, new ArrayBlockingQueue<>(FILES_TO_HASH_MAX));
  private final ThreadPoolExecutor sources =
      pool("model-source", SOURCES_MAX, new ArrayBlockingQueue<>(SOURCES_MAX));
  private final ExecutorService fetching =
      pool("model-fetch", FETCHING_THREADS, new SynchronousQueue<>());
  private final Pace sending;
  private final Pace receiving;
  private final BlobSource source;
  private final AtomicReference<String> current = new AtomicReference<>("");

  /**
   * What it works with.
   *
   * @param offers what this node offers now
   * @param openTo whether the owner lets a member use the machine now
   * @param folder keeps unfinished copies
   * @param ollama where Ollama is; empty to do without
   * @param stores where the disk has Ollama's store, perhaps
   * @param storeNamed whether the owner said that it is there
   * @param gguf the folder of llama.cpp's models; empty to do without
   * @param space says how much room there is
   * @param timer runs short steps at their time; stays the caller's to close
   */
  record Parts(
      TransferRules rules,
      Supplier<List<ModelOffer>> offers,
      Predicate<PeerId> openTo,
      Path folder,
      Optional<URI> ollama,
      List<OllamaStore> stores,
      boolean storeNamed,
      Optional<Path> gguf,
      FreeSpace space,
      ScheduledExecutorService timer,
      Clock clock) {}

  /**
   * Where models are.
   *
   * @param unfinished keeps unfinished copies
   * @param ollama where Ollama is; empty to do without
   * @param ollamaStore where it keeps its models; empty for where it usually does
   * @param gguf the folder of llama.cpp's models; empty to do without
   */
  public record Places(
      Path unfinished, Optional<URI> ollama, Optional<Path> ollamaStore, Optional<Path> gguf) {}

  /** Hears how far a copy has come. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Called several times a second, also while nothing moves.
     *
     * @throws CancellationException to end it; what came is kept
     */
    void at(long bytes, long total);
  }

  /**
   * The transfers of a node with the engines of its settings.
   *
   * @param offers what this node offers now
   * @param openTo whether the owner lets a member use the machine now
   */
  public static ModelTransfers of(
      TransferRules rules,
      Supplier<List<ModelOffer>> offers,
      Predicate<PeerId> openTo,
      Places places,
      ScheduledExecutorService timer,
      Clock clock) {
    Path home = Path.of(System.getProperty("user.home", ""));
    return new ModelTransfers(
        new Parts(
            rules,
            offers,
            openTo,
            places.unfinished(),
            places.ollama(),
            places
                .ollamaStore()
                .map(store -> List.of(new OllamaStore(store)))
                .orElseGet(() -> OllamaStore.usual(System.getenv(), home)),
            places.ollamaStore().isPresent(),
            places.gguf(),
            FreeSpace::ofDisk,
            timer,
            clock));
  }

  ModelTransfers(Parts parts) {
    this.parts = parts;
    this.sending = new Pace(parts.rules().bytesPerSecond(), System::nanoTime);
    this.receiving = new Pace(parts.rules().bytesPerSecond(), System::nanoTime);
    this.source =
        new SharedModels(
            parts.offers(),
            parts.stores(),
            parts.gguf().map(GgufFolder::new),
            member -> parts.rules().share() && parts.openTo().test(member),
            new HashedFiles(hashing));
  }

  private static ThreadPoolExecutor pool(
      String name, int threads, java.util.concurrent.BlockingQueue<Runnable> waiting) {
    AtomicInteger next = new AtomicInteger(1);
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_MAX.toSeconds(),
            TimeUnit.SECONDS,
            waiting,
            work -> {
              Thread thread = new Thread(work, name + "-" + next.getAndIncrement());
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** What members may copy. */
  public BlobSource source() {
    return source;
  }

  /**
   * What members may order.
   *
   * @param library gets it
   * @param onPulled called when there is another model; must not block
   */
  public PullTarget orders(Supplier<Optional<ModelLibrary>> library, Runnable onPulled) {
    return new OrderedModels(
        member -> parts.rules().pull() && parts.openTo().test(member),
        library,
        ollamaDisk(),
        parts.space(),
        onPulled);
  }

  /** Where Ollama keeps its models, if that is here. */
  private Optional<Path> ollamaDisk() {
    boolean here =
        parts.storeNamed()
            || parts.ollama().map(URI::getHost).map(ModelTransfers::isLoopback).orElse(false);
    return here
        ? parts.stores().stream()
            .map(OllamaStore::root)
            .filter(Files::isDirectory)
            .findFirst()
            .or(() -> parts.stores().stream().map(OllamaStore::root).findFirst())
        : Optional.empty();
  }

  private static boolean isLoopback(String host) {
    return host.equals("localhost") || host.equals("[::1]") || host.startsWith("127.");
  }

  /** The pace of all that is sent. */
  public Pace sending() {
    return sending;
  }

  /** Where {@link #fetch} may block: refuses when it is in use. */
  public Executor fetching() {
    return fetching;
  }

  /**
   * Copies a model and gives it to the engine; one at a time. Blocks until then.
   *
   * @param peers who offers what
   * @param blobs asks them
   * @throws FetchException naming the cause and the remedy
   */
  public FetchedModel fetch(
      PeerView peers, BlobPeers blobs, FetchRequest request, Progress progress)
      throws FetchException, InterruptedException {
    if (!current.compareAndSet("", request.model())) {
      throw new FetchException(
          FetchException.Kind.BUSY,
          "\"" + current.get() + "\" is being fetched (one after the other)");
    }
    try {
      PartialFile.prune(parts.folder(), parts.clock().instant().minus(UNFINISHED_KEPT));
      return new ModelFetch(
              new FileFetch.Surroundings(blobs, receiving, parts.timer(), sources),
              this::destination,
              parts.folder(),
              parts.space(),
              new Sources(peers, blobs, request),
              request,
              progress)
          .run();
    } catch (IOException e) {
      throw new FetchException(
          FetchException.Kind.BROKE_OFF, parts.folder() + " cannot be used: " + e.getMessage(), e);
    } finally {
      current.set("");
    }
  }

  private Destination destination(String engine)
      throws FetchException, IOException, InterruptedException {
    if (engine.equals(Destination.LLAMA) && parts.gguf().isPresent()) {
      return new FolderDestination(new GgufFolder(parts.gguf().get()));
    }
    if (engine.equals(Destination.OLLAMA) && parts.ollama().isPresent()) {
      OllamaApi api = new OllamaApi(parts.ollama().get());
      Optional<OllamaStore> store = writableStore(api);
      log.debug("models go to {}", store);
      return store.isPresent() ? new StoreDestination(store.get(), api) : new ApiDestination(api);
    }
    throw new FetchException(
        FetchException.Kind.NO_ENGINE,
        "the model is one of "
            + engine
            + ", which this node does not use (see \"ollama.enabled\" and \"llama.enabled\")");
  }

  /** The store that this very Ollama uses: what it shows lies there, or the owner says so. */
  private Optional<OllamaStore> writableStore(OllamaApi api)
      throws IOException, InterruptedException {
    Map<String, String> models = api.models();
    if (!InetAddress.getByName(api.address().getHost()).isLoopbackAddress()) {
      return Optional.empty();
    }
    return parts.stores().stream()
        .filter(OllamaStore::isWritable)
        .filter(
            store ->
                parts.storeNamed()
                    || models.entrySet().stream()
                        .anyMatch(model -> store.has(model.getKey(), model.getValue())))
        .findFirst();
  }

  /** Ends what runs. */
  @Override
  public void close() {
    fetching.shutdownNow();
    sources.shutdownNow();
    hashing.shutdownNow();
  }
}
