package dev.waggle.worker.model;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import dev.waggle.worker.engine.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The folder of llama.cpp's files, which that engine reads every few seconds. */
final class FolderDestination implements Destination {
  private final GgufFolder folder;

  FolderDestination(GgufFolder folder) {
    this.folder = folder;
  }

  private Path file(String model) throws IOException {
    return folder
        .file(model)
        .orElseThrow(() -> new IOException("no file can have the name \"" + model + "\""));
  }

  @Override
  public Optional<String> digestOf(String model) throws IOException {
    Path file = file(model);
    return Files.exists(file)
        ? Optional.of(Digests.of(file, () -> {}).toString())
        : Optional.empty();
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(folder.path());
  }

  @Override
  public boolean has(ModelFile file) {
    return false; // Files are known by their names there.
  }

  @Override
  public String register(String model, ModelManifest manifest, Map<BlobDigest, Path> fetched)
      throws IOException {
    if (!(manifest instanceof ModelManifest.Gguf gguf) || fetched.get(gguf.digest()) == null) {
      throw new IOException("llama.cpp runs .gguf files");
    }
    Placing.move(fetched.get(gguf.digest()), file(model));
    return gguf.digest().toString();
  }
}
