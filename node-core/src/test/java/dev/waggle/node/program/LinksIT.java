package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real nodes whose links are cut in the middle of answers, or slow and lossy. */
@Timeout(500)
class LinksIT {
  private static final String SCRIPT = "two-links.sh";

  private @TempDir Path directory;

  @Test
  void streamsOverLinksThatAreCutOrSlow_endWhole_noneHangsOrMixes() throws Exception {
    Namespaces.Ended possible = Namespaces.run(directory, 30, SCRIPT, List.of("probe"));
    assumeTrue(
        possible.exitCode() == 0,
        () -> "this machine's kernel allows no such links: " + possible.output());
    Namespaces.Ended ended =
        Namespaces.run(
            directory,
            450,
            SCRIPT,
            List.of(
                "run",
                Program.java(),
                "-Dwaggle.jar=" + Program.jar(),
                "-cp",
                System.getProperty("java.class.path"),
                LinkChaos.class.getName(),
                Namespaces.script(SCRIPT).toString(),
                directory.toString()));
    assertThat(ended.exitCode()).as(ended.output() + logs()).isZero();
    assertThat(ended.output()).endsWith("done\n");
    System.out.println(ended.output());
  }

  private String logs() throws Exception {
    StringBuilder logs = new StringBuilder();
    for (String node : List.of("asking", "w1", "w2")) {
      Path log = directory.resolve(node).resolve("console.log");
      if (Files.exists(log)) {
        logs.append("\n--- ").append(node).append('\n').append(Files.readString(log));
      }
    }
    return logs.toString();
  }
}
