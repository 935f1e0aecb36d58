package dev.waggle.node.config;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What runs models here.
 *
 * @param ollama where Ollama is; empty to do without
 * @param ollamaContext what models are loaded with in Ollama, in tokens, where they can do as much
 * @param servers OpenAI-compatible servers, each with the path before {@code /chat/completions}
 * @param serverKey what those servers want to be shown; empty for nothing
 * @param probing whether models are tried, while the node is idle, for going on with answers that
 *     others began
 * @param llamaModels the folder of {@code .gguf} files; empty to do without llama.cpp
 */
public record EngineConfig(
    Optional<URI> ollama,
    int ollamaContext,
    List<URI> servers,
    Optional<String> serverKey,
    boolean probing,
    Optional<Path> llamaModels) {
  public EngineConfig {
    servers = List.copyOf(servers);
  }

  /** Shows no key. */
  @Override
  public String toString() {
    return "EngineConfig(" + ollama + ", " + servers + ", " + llamaModels + ")";
  }
}
