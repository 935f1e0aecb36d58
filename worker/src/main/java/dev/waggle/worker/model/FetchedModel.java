package dev.waggle.worker.model;

import dev.waggle.crypto.PeerId;
import java.util.Map;

/**
 * What a copy came to.
 *
 * @param model its name here
 * @param digest at its source
 * @param localDigest as this node's engine has it; Ollama makes another where it had to be told the
 *     model over its API
 * @param engine what runs it
 * @param sizeBytes how large it is
 * @param served how many bytes came from whom; nothing where it was here already
 */
public record FetchedModel(
    String model,
    String digest,
    String localDigest,
    String engine,
    long sizeBytes,
    Map<PeerId, Long> served) {
  public FetchedModel {
    served = Map.copyOf(served);
  }
}
