package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The official npm clients against a node whose models are on another one. */
@Timeout(240)
class NpmClientsIT {
  private static final Path SOURCES = Path.of("src/test/npm");

  private static @TempDir Path directory;
  private static FakeOllama ollama;
  private static Program program;
  private static NodeProcess asking;
  private static Path packages;

  @BeforeAll
  static void start() throws Exception {
    packages = Files.createDirectory(directory.resolve("npm"));
    for (String file : List.of("package.json", "package-lock.json", "openai.mjs", "ollama.mjs")) {
      Files.copy(SOURCES.resolve(file), packages.resolve(file));
    }
    run(List.of("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"));
    ollama = new FakeOllama();
    program = new Program(directory);
    asking = program.start("asking", Optional.empty());
    NodeProcess working = program.start("working", Optional.of(ollama.address()));
    program.join(working, asking);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
  }

  @AfterAll
  static void stop() {
    program.close();
    ollama.close();
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "npm", ".out");
    Process process =
        new ProcessBuilder(command)
            .directory(packages.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(180, TimeUnit.SECONDS);
    process.destroyForcibly();
    String said = Files.readString(output);
    assertThat(ended).as(said).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  private static String client(String script) throws Exception {
    String said =
        run(
            List.of(
                "node",
                script,
                asking.ready().api().toString(),
                FakeOllama.MODEL,
                FakeOllama.ENDLESS));
    // What the client aborted has reached the engine.
    await().until(() -> ollama.chatting() == 0);
    return said;
  }

  @Test
  void openai() throws Exception {
    assertThat(client("openai.mjs")).contains("ok");
  }

  @Test
  void ollama() throws Exception {
    assertThat(client("ollama.mjs")).contains("ok");
  }
}
