package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waggle.worker.engine.llamacpp.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real nodes on networks with NATs between them, in namespaces that end with the test. */
@Timeout(400)
class NetworksIT {
  private static final String SCRIPT = "two-nats.sh";

  private @TempDir Path directory;

  @Test
  void nodesBehindTwoNats_meetThroughARelay_andHeal() throws Exception {
    Namespaces.Ended possible = Namespaces.run(directory, 30, SCRIPT, List.of("probe"));
    assumeTrue(
        possible.exitCode() == 0,
        () -> "this machine's kernel allows no such networks: " + possible.output());
    Path models = Files.createDirectories(directory.resolve("carla/models"));
    TinyModel.write(models.resolve("tiny.gguf"));
    Namespaces.Ended ended =
        Namespaces.run(
            directory,
            360,
            SCRIPT,
            List.of("run", Program.java(), Program.jar(), directory.toString()));
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
