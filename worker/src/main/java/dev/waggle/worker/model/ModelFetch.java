package dev.waggle.worker.model;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The course of one copy: find who has the model, learn what it consists of, see that there is
 * room, fetch what is not here, and give it to the engine. For one thread.
 */
final class ModelFetch {
  /** What has to stay free on a disk. */
  static final long RESERVE_BYTES = 1L << 30;

  private static final Logger log = LoggerFactory.getLogger(ModelFetch.class);
  private static final double GIGA = 1e9;
  private static final Duration TELL_EVERY = Duration.ofMillis(200);

  private final FileFetch.Surroundings surroundings;
  private final Destinations destinations;
  private final Path folder;
  private final FreeSpace space;
  private final Sources sources;
  private final FetchRequest request;
  private final ModelTransfers.Progress progress;
  private final Map<PeerId, Long> served = new ConcurrentHashMap<>();
  private long told = System.nanoTime();

  /** Chooses where a model goes. */
  interface Destinations {
    /**
     * The place for models of an engine.
     *
     * @throws FetchException if this node does not use the engine
     * @throws IOException if the engine does not answer
     */
    Destination of(String engine) throws FetchException, IOException, InterruptedException;
  }

  /**
   * @param folder keeps what came so far
   */
  ModelFetch(
      FileFetch.Surroundings surroundings,
      Destinations destinations,
      Path folder,
      FreeSpace space,
      Sources sources,
      FetchRequest request,
      ModelTransfers.Progress progress) {
    this.surroundings = surroundings;
    this.destinations = destinations;
    this.folder = folder;
    this.space = space;
    this.sources = sources;
    this.request = request;
    this.progress = progress;
  }

  FetchedModel run() throws FetchException, InterruptedException {
    try {
      while (true) {
        Sources.Found found = sources.find();
        Optional<FetchedModel> fetched = from(found);
        if (fetched.isPresent()) {
          return fetched.get();
        }
      }
    } catch (IOException e) {
      throw new FetchException(
          FetchException.Kind.BROKE_OFF,
          "\"" + request.model() + "\" was not fetched: " + e.getMessage(),
          e);
    }
  }

  /** Tries that; empty when sources were lost and others may do. */
  private Optional<FetchedModel> from(Sources.Found found)
      throws FetchException, IOException, InterruptedException {
    String model = found.offer().name();
    Destination destination = destinations.of(found.offer().engine());
    List<ModelFile> files = files(found.manifest());
    long size = files.stream().mapToLong(ModelFile::sizeBytes).sum();
    Optional<String> here = destination.digestOf(model);
    if (here.equals(Optional.of(found.offer().digest()))) {
      return Optional.of(fetched(found, here.get(), size));
    }
    if (here.isPresent() && !request.replace()) {
      throw new FetchException(
          FetchException.Kind.NAME_TAKEN,
          "this node has another model with the name \""
              + model
              + "\" (to put this one in its place: --replace)");
    }
    List<ModelFile> missing = new ArrayList<>();
    for (ModelFile each : files) {
      if (!destination.has(each)) {
        missing.add(each);
      }
    }
    checkRoom(model, destination, missing);
    Map<BlobDigest, PartialFile> parts = new LinkedHashMap<>();
    try {
      for (ModelFile each : missing) {
        PartialFile part = PartialFile.open(folder, each.digest(), each.sizeBytes());
        parts.put(each.digest(), part);
        if (!fetch(each, part, found, done(files, missing, each), size)) {
          return Optional.empty();
        }
      }
      Map<BlobDigest, Path> paths = new LinkedHashMap<>();
      for (Map.Entry<BlobDigest, PartialFile> each : parts.entrySet()) {
        each.getValue().close();
        paths.put(each.getKey(), each.getValue().path());
      }
      String local = destination.register(model, found.manifest(), paths);
      for (PartialFile each : parts.values()) {
        each.delete();
      }
      log.info("fetched {} from {}", model, served.keySet());
      return Optional.of(fetched(found, local, size));
    } finally {
      for (PartialFile each : parts.values()) {
        each.close();
      }
    }
  }

  private FetchedModel fetched(Sources.Found found, String localDigest, long size) {
    return new FetchedModel(
        found.offer().name(),
        found.offer().digest(),
        localDigest,
        found.offer().engine(),
        size,
        served);
  }

  private static List<ModelFile> files(ModelManifest manifest) throws IOException {
    if (manifest instanceof ModelManifest.Ollama ollama) {
      return OllamaManifest.parse(ollama.document()).blobs();
    }
    ModelManifest.Gguf gguf = (ModelManifest.Gguf) manifest;
    return List.of(new ModelFile(gguf.digest(), gguf.sizeBytes(), ""));
  }

  /** How many bytes of the model there are when a file begins. */
  private static long done(List<ModelFile> files, List<ModelFile> missing, ModelFile next) {
    long done = files.stream().mapToLong(ModelFile::sizeBytes).sum();
    for (ModelFile each : missing.subList(missing.indexOf(next), missing.size())) {
      done -= each.sizeBytes();
    }
    return done;
  }

  private boolean fetch(
      ModelFile file, PartialFile part, Sources.Found found, long before, long total)
      throws IOException, InterruptedException {
    List<PeerId> left = found.members().stream().filter(each -> !sources.isLost(each)).toList();
    FileFetch fetch = new FileFetch(surroundings, file, part, left, served);
    try {
      fetch.run(bytes -> tell(before + bytes, total));
    } catch (FileFetch.SourcesLostException e) {
      if (!left.isEmpty() && fetch.lost().isEmpty()) {
        throw e;
      }
      sources.lose(fetch.lost(), String.valueOf(e.getMessage()));
      return false;
    }
    // It came from the others; who lied is asked for nothing more.
    if (!fetch.liars().isEmpty()) {
      sources.lose(fetch.liars(), "a source sent what is not true");
    }
    return true;
  }

  private void tell(long bytes, long total) {
    long now = System.nanoTime();
    if (now - told >= TELL_EVERY.toNanos()) {
      told = now;
      progress.at(bytes, total);
    }
  }

  private void checkRoom(String model, Destination destination, List<ModelFile> missing)
      throws FetchException, IOException {
    long toFetch = 0;
    long toPlace = 0;
    for (ModelFile each : missing) {
      toFetch += each.sizeBytes();
      toFetch -= PartialFile.bytesThere(folder, each.digest(), each.sizeBytes());
      toPlace += each.sizeBytes();
    }
    checkRoom(model, folder, toFetch);
    // On the same disk it is moved and takes no more room.
    Optional<Path> place = destination.folder();
    if (place.isPresent() && !FreeSpace.isShared(place.get(), folder)) {
      checkRoom(model, place.get(), toPlace);
    }
  }

  private void checkRoom(String model, Path where, long bytes) throws FetchException, IOException {
    long free = space.bytes(where);
    if (bytes > 0 && free < bytes + RESERVE_BYTES) {
      throw new FetchException(
          FetchException.Kind.NO_ROOM,
          String.format(
              Locale.ROOT,
              "\"%s\" needs %.1f GB, and 1.1 GB have to stay free, on the disk of %s, which has %.1f"
                  + " GB free (make room there)",
              model,
              bytes / GIGA,
              where,
              free / GIGA));
    }
  }
}
