package dev.waggle.mesh.swarm.blob;

/** What a model consists of, as a source says. */
public sealed interface ModelManifest {
  /** The longest manifest of Ollama, in bytes; real ones have about a thousand. */
  int DOCUMENT_BYTES_MAX = 64 << 10;

  /** The model's name at the source. */
  String name();

  /**
   * A model of Ollama's store.
   *
   * @param document the manifest as it lies there; its SHA-256 is the model's digest, and it names
   *     the blobs
   */
  record Ollama(String name, byte[] document) implements ModelManifest {
    public Ollama {
      if (document.length == 0 || document.length > DOCUMENT_BYTES_MAX) {
        throw new IllegalArgumentException("a manifest has 1 to " + DOCUMENT_BYTES_MAX + " bytes");
      }
    }
  }

  /**
   * A single {@code .gguf} file.
   *
   * @param digest the model's digest, too
   */
  record Gguf(String name, BlobDigest digest, long sizeBytes) implements ModelManifest {
    public Gguf {
      BlockRange.blocks(sizeBytes);
    }
  }
}
