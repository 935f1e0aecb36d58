package dev.waggle.node.program;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Scripts in user, network, mount and process namespaces of their own, which end with them. */
final class Namespaces {
  private Namespaces() {}

  /** How a script ended; -1 when it did not in time. */
  record Ended(int exitCode, String output) {}

  /**
   * Runs a script.
   *
   * @param directory gets its output
   * @param name of a file in {@code src/test/network}
   */
  static Ended run(Path directory, long seconds, String name, List<String> arguments)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "script", ".out");
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "--map-root-user",
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "sh",
                script(name).toString()));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    process.destroyForcibly();
    return new Ended(ended ? process.exitValue() : -1, Files.readString(output));
  }

  static Path script(String name) {
    return Path.of("src/test/network", name).toAbsolutePath();
  }
}
