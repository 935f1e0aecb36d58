package dev.waggle.worker.model;

import dev.waggle.mesh.swarm.blob.BlobDigest;

/**
 * A file of a model.
 *
 * @param mediaType what it is for, in Ollama's words; empty for a {@code .gguf} file
 */
record ModelFile(BlobDigest digest, long sizeBytes, String mediaType) {
  /** Whether it is given to an engine as a file, rather than read for what it says. */
  boolean isTensors() {
    return mediaType.isEmpty()
        || mediaType.equals(OllamaManifest.MODEL)
        || mediaType.equals(OllamaManifest.PROJECTOR)
        || mediaType.equals(OllamaManifest.ADAPTER);
  }
}
