package dev.waggle.worker.model;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import dev.waggle.worker.engine.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The store of the Ollama that runs here, where this user may write it. The manifest comes last and
 * as it was, so that the model keeps its digest; Ollama reads it when it is next asked for its
 * models.
 */
final class StoreDestination implements Destination {
  private final OllamaStore store;
  private final OllamaApi api;

  StoreDestination(OllamaStore store, OllamaApi api) {
    this.store = store;
    this.api = api;
  }

  private static OllamaName name(String model) throws IOException {
    return OllamaName.parse(model)
        .orElseThrow(() -> new IOException("Ollama takes no name like \"" + model + "\""));
  }

  @Override
  public Optional<String> digestOf(String model) throws IOException {
    return store.manifest(name(model)).map(document -> Digests.of(document).toString());
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(store.root());
  }

  @Override
  public boolean has(ModelFile file) throws IOException {
    Path blob = store.blobFile(file.digest());
    return Files.isRegularFile(blob) && Files.size(blob) == file.sizeBytes();
  }

  @Override
  public String register(String model, ModelManifest manifest, Map<BlobDigest, Path> fetched)
      throws IOException, InterruptedException {
    if (!(manifest instanceof ModelManifest.Ollama ollama)) {
      throw new IOException("Ollama's store takes Ollama's models");
    }
    for (Map.Entry<BlobDigest, Path> each : fetched.entrySet()) {
      Placing.move(each.getValue(), store.blobFile(each.getKey()));
    }
    Placing.write(ollama.document(), store.manifestFile(name(model)));
    String digest = Digests.of(ollama.document()).toString();
    if (!digest.equals(api.models().get(model))) {
      throw new IOException(
          "the model is in "
              + store.root()
              + ", but the Ollama at "
              + api.address()
              + " does not show it (restart Ollama)");
    }
    return digest;
  }
}
