package dev.waggle.worker.model;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import dev.waggle.worker.engine.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Ollama's store on disk: {@code manifests/HOST/NAMESPACE/MODEL/TAG} and {@code blobs/sha256-HEX}.
 *
 * @param root the folder of both
 */
record OllamaStore(Path root) {
  private static final String SERVICE_HOME = "/usr/share/ollama/.ollama/models";

  /** The stores that Ollama uses unless it is told otherwise; they need not exist. */
  static List<OllamaStore> usual(Map<String, String> environment, Path home) {
    List<OllamaStore> stores = new ArrayList<>();
    String named = environment.getOrDefault("OLLAMA_MODELS", "");
    stores.add(
        new OllamaStore(
            named.isEmpty() ? home.resolve(".ollama").resolve("models") : Path.of(named)));
    // Where the service of the Linux installation keeps them.
    stores.add(new OllamaStore(Path.of(SERVICE_HOME)));
    return stores;
  }

  Path manifestFile(OllamaName name) {
    return root.resolve("manifests").resolve(name.path());
  }

  Path blobFile(BlobDigest digest) {
    return root.resolve("blobs").resolve("sha256-" + digest.hex());
  }

  /**
   * A model's manifest as it lies there; empty when there is none, or none of a possible length.
   *
   * @throws IOException if it cannot be read
   */
  Optional<byte[]> manifest(OllamaName name) throws IOException {
    Path file = manifestFile(name);
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          || Files.size(file) > ModelManifest.DOCUMENT_BYTES_MAX) {
        return Optional.empty();
      }
      byte[] document = Files.readAllBytes(file);
      return document.length == 0 ? Optional.empty() : Optional.of(document);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Whether it has a model of that name with that digest. */
  boolean has(String model, String digest) {
    Optional<OllamaName> name = OllamaName.parse(model);
    try {
      return name.isPresent()
          && manifest(name.get())
              .map(document -> Digests.of(document).toString().equals(digest))
              .orElse(false);
    } catch (IOException e) {
      return false; // Not for this user to read.
    }
  }

  /** Whether this user may put models there; what is not there can be made. */
  boolean isWritable() {
    return isWritable(root.resolve("blobs")) && isWritable(root.resolve("manifests"));
  }

  private boolean isWritable(Path folder) {
    return Files.isWritable(folder) || (Files.notExists(folder) && Files.isWritable(root));
  }
}
