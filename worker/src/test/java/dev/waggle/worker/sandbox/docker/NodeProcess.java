package dev.waggle.worker.sandbox.docker;

import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Another process that runs one task in Docker. */
final class NodeProcess {
  private static final Duration START_MAX = Duration.ofSeconds(60);

  private NodeProcess() {}

  /** Runs a task that does not end until it has written something, and kills the process then. */
  static void killInTheMiddle(DockerEngine engine, String node, Path directory) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                NodeProcess.class.getName(),
                engine.host(),
                engine.image(),
                node,
                directory.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (InputStream in = process.getInputStream()) {
      CompletableFuture.supplyAsync(
              () -> {
                try {
                  return in.read();
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              })
          .get(START_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      process.destroyForcibly();
      process.waitFor(START_MAX.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** Arguments: the engine's host, the image, the node, and its directory. */
  public static void main(String[] arguments) throws Exception {
    try (DockerSandbox sandbox =
        new DockerSandbox(
            Map.of(Language.SHELL, arguments[1]),
            CodeLimits.DEFAULT,
            Path.of(arguments[3]),
            arguments[2],
            Optional.of(arguments[0]))) {
      sandbox
          .start(new TaskSpec.Code(Language.SHELL, "echo x; while :; do :; done"))
          .run(
              chunk -> {
                System.out.print('x');
                System.out.flush();
              });
    }
  }
}
