package dev.waggle.node.config;

import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What runs code here.
 *
 * @param images what Docker runs each language in, named by the digest of its content
 * @param limits the most that code may use
 */
public record SandboxConfig(Mode mode, Map<Language, String> images, CodeLimits limits) {
  /** Which sandboxes are used. */
  public enum Mode {
    /** All that prove themselves; of two the one that keeps code farther away. */
    AUTO,
    /** Docker containers. */
    DOCKER,
    /** Processes in namespaces of the Linux kernel. */
    PROCESS,
    /** JavaScript in an interpreter of its own. */
    QUICKJS,
    /** None: no code is run here. */
    OFF
  }

  public SandboxConfig {
    images = Map.copyOf(images);
  }

  /** Reads texts like {@code python=sha256:...}; empty when one is none. */
  static Optional<Map<Language, String>> images(List<String> texts) {
    Map<Language, String> images = new EnumMap<>(Language.class);
    for (String each : texts) {
      int at = each.indexOf('=');
      Optional<Language> language =
          at < 0 ? Optional.empty() : Language.find(each.substring(0, at));
      if (language.isEmpty() || each.substring(at + 1).isBlank()) {
        return Optional.empty();
      }
      images.put(language.get(), each.substring(at + 1));
    }
    return Optional.of(images);
  }
}
