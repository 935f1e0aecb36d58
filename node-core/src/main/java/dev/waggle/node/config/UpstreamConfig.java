package dev.waggle.node.config;

import java.net.URI;
import java.util.Optional;

/**
 * A model outside the swarm that may be asked when those inside do not get code right.
 *
 * @param address of an OpenAI-compatible server, with the path before {@code /chat/completions}
 * @param key what the server wants to be shown; empty for nothing
 */
public record UpstreamConfig(URI address, String model, Optional<String> key) {
  /** Where chats go. */
  public URI chat() {
    return URI.create(address.toString().replaceAll("/+$", "") + "/chat/completions");
  }

  /** Shows no key. */
  @Override
  public String toString() {
    return "UpstreamConfig(" + address + ", " + model + ")";
  }
}
