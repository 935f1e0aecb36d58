package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The official npm clients and the AI SDK against a node whose models are on another one. */
@Timeout(240)
class NpmClientsIT {
  private static @TempDir Path directory;
  private static FakeOllama ollama;
  private static Program program;
  private static NodeProcess asking;
  private static NpmProject clients;

  @BeforeAll
  static void start() throws Exception {
    clients = NpmProject.install("npm", directory);
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

  private static String client(String script) throws Exception {
    String said =
        clients.run(
            script,
            asking.ready().api().toString(),
            FakeOllama.MODEL,
            FakeOllama.ENDLESS,
            FakeOllama.CAPABLE,
            FakeOllama.EMBEDDER,
            FakeOllama.THINKER);
    // What the client aborted has reached the engine.
    await().until(() -> ollama.chatting() == 0);
    return said;
  }

  @Test
  void openai() throws Exception {
    assertThat(client("openai.mjs")).contains("ok");
  }

  @Test
  void shapes_areThoseOfOpenAisDescription() throws Exception {
    ollama.fail(FakeOllama.ENDLESS, FakeServer.Fault.ERROR_MID_STREAM);
    try {
      assertThat(client("shapes.mjs")).contains("ok");
    } finally {
      ollama.heal();
    }
  }

  @Test
  void aiSdk() throws Exception {
    assertThat(client("ai-sdk.mjs")).contains("ok");
  }

  @Test
  void ollama() throws Exception {
    assertThat(client("ollama.mjs")).contains("ok");
  }
}
