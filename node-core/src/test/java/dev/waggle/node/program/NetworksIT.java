package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waggle.worker.engine.llamacpp.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real nodes on networks with NATs between them, in namespaces that end with the test. */
@Timeout(400)
class NetworksIT {
  private static final String SCRIPT = "src/test/network/two-nats.sh";

  private @TempDir Path directory;

  private record Ended(int exitCode, String output) {}

  /** Runs the script in user, network, mount and process namespaces of its own. */
  private Ended script(long seconds, String... arguments) throws IOException, InterruptedException {
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
                Path.of(SCRIPT).toAbsolutePath().toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    process.destroyForcibly();
    return new Ended(ended ? process.exitValue() : -1, Files.readString(output));
  }

  @Test
  void nodesBehindTwoNats_meetThroughARelay_andHeal() throws Exception {
    Ended possible = script(30, "probe");
    assumeTrue(
        possible.exitCode() == 0,
        () -> "this machine's kernel allows no such networks: " + possible.output());
    Path models = Files.createDirectories(directory.resolve("carla/models"));
    TinyModel.write(models.resolve("tiny.gguf"));
    List<String> program = Program.command();
    Ended ended = script(360, "run", program.get(0), program.get(2), directory.toString());
    assertThat(ended.exitCode()).as(ended.output() + logs()).isZero();
    assertThat(ended.output())
        .contains("anna and carla meet through a relay")
        .contains("anna and bert do not")
        .contains("carla is gone")
        .endsWith("done\n");
    // What the tiny model says, it says over the relay: nobody else has it.
    String word = TinyModel.SENTENCE.split(" ", -1)[0];
    assertThat(ended.output().lines().filter(line -> line.matches("(chat|again): .*")))
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).containsIgnoringCase(word));
  }

  private String logs() throws IOException {
    StringBuilder logs = new StringBuilder();
    for (String node : List.of("rosa", "anna", "carla")) {
      Path log = directory.resolve(node + ".log");
      if (Files.exists(log)) {
        logs.append("\n--- ").append(node).append('\n').append(Files.readString(log));
      }
    }
    return logs.toString();
  }
}
