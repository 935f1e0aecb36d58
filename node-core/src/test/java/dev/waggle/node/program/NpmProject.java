package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Scripts and the npm packages that they need, in a folder of the test's own. */
final class NpmProject {
  private static final long INSTALL_MAX_SECONDS = 180;
  private static final long SCRIPT_MAX_SECONDS = 90;

  private final Path folder;

  private NpmProject(Path folder) {
    this.folder = folder;
  }

  /** Copies a folder of {@code src/test} and installs what its lock file names. */
  static NpmProject install(String name, Path directory) throws IOException, InterruptedException {
    Path folder = Files.createDirectory(directory.resolve(name));
    try (Stream<Path> sources = Files.list(Path.of("src/test", name))) {
      for (Path source : sources.toList()) {
        Files.copy(source, folder.resolve(source.getFileName()));
      }
    }
    NpmProject project = new NpmProject(folder);
    project.run(
        INSTALL_MAX_SECONDS, List.of("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"));
    return project;
  }

  /** The command that runs a script. */
  ProcessBuilder script(String... nodeArguments) {
    List<String> command = new ArrayList<>(List.of("node"));
    command.addAll(List.of(nodeArguments));
    return new ProcessBuilder(command).directory(folder.toFile());
  }

  /** Runs a script to its end, which has to be a good one, and returns what it printed. */
  String run(String... nodeArguments) throws IOException, InterruptedException {
    return run(SCRIPT_MAX_SECONDS, script(nodeArguments).command());
  }

  private String run(long seconds, List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "run", ".out");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    process.destroyForcibly();
    String said = Files.readString(output);
    assertThat(ended).as(said).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }
}
