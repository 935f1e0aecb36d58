package dev.waggle.worker.model;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Where a fetched model goes on this machine, so that an engine has it. Methods block. */
interface Destination {
  /** The engine's name in adverts. */
  String OLLAMA = "ollama";

  /** The engine's name in adverts. */
  String LLAMA = "llama.cpp";

  /** The digest of the model that has a name there; empty when none has it. */
  Optional<String> digestOf(String model) throws IOException, InterruptedException;

  /** The folder that the files go into; empty where only the engine knows. */
  Optional<Path> folder();

  /** Whether a file is there already and need not be fetched. */
  boolean has(ModelFile file) throws IOException, InterruptedException;

  /**
   * Puts a model there, in place of one with its name; all or nothing of it is to be seen.
   *
   * @param fetched the files that were not there, verified and on disk; may be moved
   * @return the digest that the engine has for it, which Ollama may make anew
   */
  String register(String model, ModelManifest manifest, Map<BlobDigest, Path> fetched)
      throws IOException, InterruptedException;
}
