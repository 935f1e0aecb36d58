package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Answers whose workers are killed or frozen in the middle, in swarms of three processes. */
@Timeout(120)
class ResumeIT {
  private static final String MODEL = FakeOllama.MODEL;
  private static final int PIECES = 400;
  private static final int HARMED_AT = 60;
  private static final int PAUSED_AT = 100;

  private @TempDir Path directory;
  private FakeOllama first;
  private FakeOllama second;
  private Program program;
  private NodeProcess asking;
  private NodeProcess one;
  private NodeProcess other;

  @BeforeEach
  void start() throws Exception {
    first = new FakeOllama();
    second = new FakeOllama();
    for (FakeOllama each : engines()) {
      each.pace(new FakeOllama.Pace(Duration.ZERO, Duration.ZERO, Duration.ofMillis(2)));
    }
    program = new Program(directory);
    program.probeModels();
    asking = program.start("asking", Optional.empty());
    one = program.start("one", Optional.of(first.address()));
    other = program.start("other", Optional.of(second.address()));
    program.join(one, asking);
    program.join(other, asking);
    await().atMost(Duration.ofSeconds(30)).until(() -> resumable() == 2);
  }

  @AfterEach
  void stop() {
    program.close();
    first.close();
    second.close();
  }

  private long resumable() throws Exception {
    long resumable = 0;
    for (JsonNode peer : Program.get(asking, "/swarm/v1/peers").path("peers")) {
      for (JsonNode model : peer.path("models")) {
        boolean is = model.path("name").asText().equals(MODEL);
        boolean there = peer.path("connected").asBoolean();
        resumable += is && there && model.path("resumable").asBoolean() ? 1 : 0;
      }
    }
    return resumable;
  }

  private static String pattern(String name) {
    return IntStream.range(0, PIECES)
        .mapToObj(i -> name + "-" + i + " ")
        .collect(Collectors.joining());
  }

  private List<FakeOllama> engines() {
    return List.of(first, second);
  }

  private HttpResponse<InputStream> ask(String name, String more) throws Exception {
    String body =
        "{\"model\":\""
            + MODEL
            + "\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":"
            + "[{\"role\":\"user\",\"content\":\"pattern "
            + name
            + " "
            + PIECES
            + "\"}]"
            + more
            + "}";
    return Program.HTTP.send(
        Program.request(asking, "/v1/chat/completions")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofInputStream());
  }

  /** What is done to the worker once its answer has come so far. */
  private interface Harm {
    void to(NodeProcess worker) throws Exception;
  }

  private record Heard(String text, JsonNode last, String story, boolean failed) {}

  /** Harms the worker that answers while its engine waits, and hears the rest. */
  private Heard harmed(String name, String more, Harm harm) throws Exception {
    engines().forEach(each -> each.pauseAt(PAUSED_AT));
    return hear(
        ask(name, more),
        name + "-" + HARMED_AT + " ",
        worker -> {
          harm.to(worker);
          engines().forEach(FakeOllama::goOn);
        });
  }

  private Heard hear(HttpResponse<InputStream> response, String mark, Harm harm) throws Exception {
    String by = response.headers().firstValue("x-waggle-node").orElse("");
    String task = response.headers().firstValue("x-waggle-task").orElse("");
    NodeProcess worker = by.equals(one.ready().peerId()) ? one : other;
    StringBuilder text = new StringBuilder();
    JsonNode last = Program.JSON.createObjectNode();
    boolean failed = false;
    boolean done = false;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      String line = lines.readLine();
      while (line != null) {
        if (line.startsWith("data: {")) {
          last = Program.JSON.readTree(line.substring("data: ".length()));
          failed |= last.has("error");
          text.append(last.path("choices").path(0).path("delta").path("content").asText(""));
          if (!done && text.indexOf(mark) >= 0) {
            done = true;
            harm.to(worker);
          }
        }
        line = lines.readLine();
      }
    }
    String story = Program.get(asking, "/swarm/v1/tasks/" + task).toString();
    return new Heard(text.toString(), last, story, failed);
  }

  private static void signal(NodeProcess worker, String signal) throws Exception {
    List<String> kill = List.of("kill", signal, "" + worker.handle().pid());
    assertThat(new ProcessBuilder(kill).start().waitFor()).isZero();
  }

  /** One swarm for all, because its start takes longer than the rest. */
  @Test
  void workersThatFreezeOrDieInTheMiddle_areReplaced_withoutErrorRepetitionOrGap()
      throws Exception {
    List<NodeProcess> frozen = new ArrayList<>();
    Heard freezing =
        harmed(
            "wasp",
            "",
            worker -> {
              signal(worker, "-STOP");
              frozen.add(worker);
            });
    signal(frozen.get(0), "-CONT");
    assertThat(freezing.failed()).as(freezing.story()).isFalse();
    assertThat(freezing.text()).isEqualTo(pattern("wasp"));
    assertThat(freezing.story()).contains("\"resumed\"");
    await().atMost(Duration.ofSeconds(30)).until(() -> resumable() == 2);

    for (FakeOllama each : engines()) {
      each.fail(MODEL, FakeServer.Fault.ERROR_MID_STREAM);
    }
    Heard structured =
        hear(ask("ant", ",\"response_format\":{\"type\":\"json_object\"}"), "never", worker -> {});
    assertThat(structured.failed()).as("it cannot be continued").isTrue();
    assertThat(structured.last().path("error").path("message").asText())
        .contains("broke off")
        .contains("not one that another worker can continue");
    first.heal();
    second.heal();

    Heard killed = harmed("bee", ",\"max_tokens\":300", NodeProcess::kill);
    assertThat(killed.failed()).as(killed.story()).isFalse();
    assertThat(killed.text())
        .isEqualTo(pattern("bee").substring(0, pattern("bee").indexOf("bee-300 ")));
    assertThat(killed.last().path("usage").path("completion_tokens").asInt()).isEqualTo(300);
    assertThat(killed.story()).contains("\"broken\"").contains("\"resumed\"").contains("\"done\"");
    assertThat(Program.get(asking, "/swarm/v1/ledger").toString())
        .contains("\"type\":\"attempt\"")
        .contains("\"type\":\"receipt\"");
    assertThat(program.at(asking, "ledger", "verify").exitCode()).isZero();
  }
}
