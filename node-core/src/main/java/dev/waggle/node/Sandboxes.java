package dev.waggle.node;

import dev.waggle.node.config.SandboxConfig;
import dev.waggle.node.config.SandboxConfig.Mode;
import dev.waggle.worker.sandbox.Sandbox;
import dev.waggle.worker.sandbox.docker.DockerSandbox;
import dev.waggle.worker.sandbox.process.ProcessSandbox;
import dev.waggle.worker.sandbox.quickjs.QuickJsSandbox;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The sandboxes that a configuration names. */
final class Sandboxes {
  private Sandboxes() {}

  /**
   * Prepares them, the preferred first; none is proved yet.
   *
   * @param node its id, by which it knows its containers again
   * @param directory their own: what is in it is removed
   */
  static List<Sandbox> of(SandboxConfig config, String node, Path directory) {
    List<Sandbox> sandboxes = new ArrayList<>();
    boolean images = !config.images().isEmpty();
    if (config.mode() == Mode.DOCKER || (config.mode() == Mode.AUTO && images)) {
      sandboxes.add(
          new DockerSandbox(
              config.images(),
              config.limits(),
              directory.resolve("docker"),
              node,
              Optional.empty()));
    }
    if (config.mode() == Mode.AUTO || config.mode() == Mode.PROCESS) {
      sandboxes.add(new ProcessSandbox(directory.resolve("process"), config.limits()));
    }
    if (config.mode() == Mode.AUTO || config.mode() == Mode.QUICKJS) {
      // A child that waits for code takes memory all day: only who wants this sandbox has it.
      boolean pooled = config.mode() == Mode.QUICKJS;
      sandboxes.add(new QuickJsSandbox(config.limits(), directory.resolve("quickjs"), pooled));
    }
    return sandboxes;
  }
}
