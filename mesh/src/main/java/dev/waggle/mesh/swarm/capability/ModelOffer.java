package dev.waggle.mesh.swarm.capability;

/**
 * A model that a node can run.
 *
 * @param name as users ask for it, for example {@code qwen3:8b}
 * @param digest what the engine says the model's content is: {@code sha256:} and 64 hex digits
 * @param engine the engine's name: {@code ollama} or {@code llama.cpp}
 * @param sizeBytes size on disk
 * @param contextTokens the longest conversation it takes, 0 when unknown
 * @param loaded whether it is in memory now
 */
public record ModelOffer(
    String name, String digest, String engine, long sizeBytes, int contextTokens, boolean loaded) {}
