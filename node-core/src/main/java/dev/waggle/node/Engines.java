package dev.waggle.node;

import dev.waggle.node.config.NodeConfig;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.Patience;
import dev.waggle.worker.engine.llamacpp.LlamaCppEngine;
import dev.waggle.worker.engine.ollama.OllamaEngine;
import dev.waggle.worker.engine.openai.OpenAiEngine;
import dev.waggle.worker.sandbox.SandboxEngine;
import dev.waggle.worker.snapshot.Snapshots;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;

/** The engines that a configuration names. */
final class Engines {
  private Engines() {}

  /**
   * Prepares them; nothing is asked or loaded yet.
   *
   * @param node its id
   * @param directory the node's own
   * @param snapshots brings the files that code starts with
   */
  static List<Engine> of(
      NodeConfig config,
      String node,
      Path directory,
      Snapshots snapshots,
      ScheduledExecutorService timer) {
    Path nativeDirectory = directory.resolve("native");
    Patience patience = new Patience(config.firstChunkMax(), config.stallMax());
    List<Engine> engines = new ArrayList<>();
    config
        .engines()
        .ollama()
        .ifPresent(
            address ->
                engines.add(
                    new OllamaEngine(address, config.engines().ollamaContext(), patience, timer)));
    for (URI server : config.engines().servers()) {
      engines.add(new OpenAiEngine(server, config.engines().serverKey(), patience, timer));
    }
    config
        .engines()
        .llamaModels()
        .ifPresent(
            models -> engines.add(new LlamaCppEngine(models, nativeDirectory, patience, timer)));
    engines.add(
        new SandboxEngine(
            Sandboxes.of(config.sandbox(), node, directory.resolve("sandbox")), snapshots));
    return engines;
  }
}
