package dev.waggle.worker.model;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobSource;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.worker.engine.Digests;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of the models that this node offers, and no others: what is asked for is looked up
 * among them and never becomes a path. Links are not followed, so that nothing outside is given
 * away. Thread-safe.
 */
final class SharedModels implements BlobSource {
  private static final Logger log = LoggerFactory.getLogger(SharedModels.class);

  private final Supplier<List<ModelOffer>> offers;
  private final List<OllamaStore> stores;
  private final Optional<GgufFolder> folder;
  private final Predicate<PeerId> open;
  private final HashedFiles hashed;
  private Index index = new Index(Set.of(), Map.of(), Map.of());

  /** What tells models apart; that one is loaded changes nothing. */
  private record Key(String engine, String name, String digest) {}

  /** What there is of the offered models. */
  private record Index(
      Set<Key> offered, Map<Key, ModelManifest> models, Map<BlobDigest, Path> files) {}

  /**
   * @param offers what this node offers now
   * @param open whether the owner shares with a member now
   */
  SharedModels(
      Supplier<List<ModelOffer>> offers,
      List<OllamaStore> stores,
      Optional<GgufFolder> folder,
      Predicate<PeerId> open,
      HashedFiles hashed) {
    this.offers = offers;
    this.stores = List.copyOf(stores);
    this.folder = folder;
    this.open = open;
    this.hashed = hashed;
  }

  @Override
  public boolean isOpenTo(PeerId member) {
    return open.test(member);
  }

  @Override
  public Optional<ModelManifest> describe(String model, String digest) {
    return index().models().values().stream()
        .filter(manifest -> manifest.name().equals(model) && digest(manifest).equals(digest))
        .findFirst();
  }

  private static String digest(ModelManifest manifest) {
    return manifest instanceof ModelManifest.Ollama ollama
        ? Digests.of(ollama.document()).toString()
        : ((ModelManifest.Gguf) manifest).digest().toString();
  }

  @Override
  public BlobReply hashes(BlobDigest digest, BlockRange range) {
    Path file = index().files().get(digest);
    return file == null
        ? new BlobReply.Refused(BlobReply.Reason.UNKNOWN)
        : hashed.page(digest, file, range);
  }

  @Override
  public Optional<SeekableByteChannel> open(BlobDigest digest) throws IOException {
    Path file = index().files().get(digest);
    if (file == null || !Files.exists(file) || hashed.isChanged(digest, file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private synchronized Index index() {
    Set<Key> offered = new HashSet<>();
    for (ModelOffer each : offers.get()) {
      offered.add(new Key(each.engine(), each.name(), each.digest()));
    }
    if (!offered.equals(index.offered())) {
      index = build(offered);
    }
    return index;
  }

  private Index build(Set<Key> offered) {
    Index built = new Index(offered, new HashMap<>(), new HashMap<>());
    for (Key each : offered) {
      try {
        if (each.engine().equals(Destination.OLLAMA)) {
          addOllama(built, each);
        } else if (each.engine().equals(Destination.LLAMA)) {
          addGguf(built, each);
        }
      } catch (IOException e) {
        log.debug("{} cannot be shared: {}", each.name(), e.getMessage());
      }
    }
    return built;
  }

  private void addOllama(Index built, Key model) throws IOException {
    Optional<OllamaName> name = OllamaName.parse(model.name());
    if (name.isEmpty()) {
      return;
    }
    for (OllamaStore store : stores) {
      // Another Ollama's store may have something else under that name.
      if (store.has(model.name(), model.digest())) {
        Optional<byte[]> document = store.manifest(name.get());
        if (document.isPresent()) {
          OllamaManifest.parse(document.get())
              .blobs()
              .forEach(blob -> built.files().put(blob.digest(), store.blobFile(blob.digest())));
          built.models().put(model, new ModelManifest.Ollama(model.name(), document.get()));
          return;
        }
      }
    }
  }

  private void addGguf(Index built, Key model) throws IOException {
    Optional<Path> file = folder.flatMap(each -> each.file(model.name()));
    Optional<BlobDigest> digest = BlobDigest.parse(model.digest());
    if (file.isPresent()
        && digest.isPresent()
        && Files.isRegularFile(file.get(), LinkOption.NOFOLLOW_LINKS)) {
      built.files().put(digest.get(), file.get());
      built
          .models()
          .put(model, new ModelManifest.Gguf(model.name(), digest.get(), Files.size(file.get())));
    }
  }
}
