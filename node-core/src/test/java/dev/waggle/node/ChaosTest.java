package dev.waggle.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.node.config.Setting;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer.Fault;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A hundred streams at once through one node to two others whose engines fail in every way, with
 * clients that go away: each stream carries a pattern of its own, so that a piece of another, a
 * repetition or a gap would show.
 */
@Timeout(180)
class ChaosTest {
  private static final int STREAMS = 100;
  private static final int PIECES = 60;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<FakeOllama> engines = new ArrayList<>();
  private final List<Node> workers = new ArrayList<>();
  private @TempDir Path directory;
  private Node asking;

  @BeforeEach
  void start() throws Exception {
    asking = builder("asking").with(Setting.OLLAMA, false).slots(0).start();
    for (int i = 0; i < 2; i++) {
      FakeOllama engine = new FakeOllama();
      engine.pace(new FakeOllama.Pace(Duration.ZERO, Duration.ZERO, Duration.ofMillis(2)));
      engines.add(engine);
      Node worker =
          builder("worker" + i)
              .ollama(engine.address())
              .slots(16)
              .with(Setting.SLOTS_PER_MODEL, 16)
              .with(Setting.QUEUE, 128)
              .with(Setting.STALL_SECONDS, 1)
              .with(Setting.FIRST_TOKEN_SECONDS, 3)
              .start();
      workers.add(worker);
      Invite invite =
          Invite.parse(asking.invite(InviteTerms.MEMBER, Duration.ofMinutes(5)).token());
      worker.join(invite).get(20, TimeUnit.SECONDS);
    }
    await().atMost(Duration.ofSeconds(40)).until(() -> resumable() == 2);
  }

  private Builder builder(String name) {
    return Node.builder()
        .with(Setting.SANDBOX_MODE, "off")
        .dataDirectory(directory.resolve(name))
        .name(name)
        .api("127.0.0.1:0")
        .listen("/ip4/127.0.0.1/tcp/0")
        .mdns(false)
        .with(Setting.LLAMA, false)
        .with(Setting.OWNER_POWER, false);
  }

  private long resumable() {
    return asking.swarm().peers().peers().stream()
        .flatMap(peer -> peer.capability().stream())
        .flatMap(capability -> capability.models().stream())
        .filter(model -> model.name().equals(FakeOllama.MODEL) && model.resumable())
        .count();
  }

  @AfterEach
  void stop() {
    asking.close();
    workers.forEach(Node::close);
    engines.forEach(FakeOllama::close);
  }

  private HttpResponse<InputStream> ask(String name) throws IOException, InterruptedException {
    String body =
        "{\"model\":\""
            + FakeOllama.MODEL
            + "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"pattern "
            + name
            + " "
            + PIECES
            + "\"}]}";
    return http.send(
        HttpRequest.newBuilder(URI.create("http://" + asking.self().api() + "/v1/chat/completions"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofInputStream());
  }

  private static String pattern(String name) {
    return IntStream.range(0, PIECES)
        .mapToObj(i -> name + "-" + i + " ")
        .collect(Collectors.joining());
  }

  private enum End {
    COMPLETE,
    FAILED,
    CANCELED
  }

  /** Reads one stream, to its end or until its client has enough of it. */
  private End read(String name, int enough) throws IOException, InterruptedException {
    HttpResponse<InputStream> response = ask(name);
    StringBuilder text = new StringBuilder();
    boolean failed = response.statusCode() != 200;
    boolean done = false;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      String line = lines.readLine();
      for (int seen = 0; line != null && seen < enough; line = lines.readLine()) {
        done |= line.equals("data: [DONE]");
        if (line.startsWith("data: {")) {
          JsonNode event = JSON.readTree(line.substring("data: ".length()));
          failed |= event.has("error");
          text.append(event.path("choices").path(0).path("delta").path("content").asText(""));
          seen++;
        }
      }
    }
    assertThat(pattern(name)).as("what came of %s", name).startsWith(text);
    if (done) {
      assertThat(failed).isFalse();
      assertThat(text).hasToString(pattern(name));
      return End.COMPLETE;
    }
    return failed ? End.FAILED : End.CANCELED;
  }

  @Test
  void noStream_hangsOrMixesOrRepeats_andNothingIsLeft() throws Exception {
    long seed = new SecureRandom().nextLong();
    Random random = new Random(seed);
    ScheduledExecutorService harm = Executors.newSingleThreadScheduledExecutor();
    ExecutorService clients = Executors.newFixedThreadPool(STREAMS);
    List<Future<End>> ends = new ArrayList<>();
    try {
      harm.scheduleAtFixedRate(() -> harm(random), 100, 150, TimeUnit.MILLISECONDS);
      for (int i = 0; i < STREAMS; i++) {
        String name = "stream" + i;
        int enough = i % 4 == 0 ? random.nextInt(PIECES) : Integer.MAX_VALUE;
        ends.add(clients.submit(() -> read(name, enough)));
      }
      int complete = 0;
      for (Future<End> each : ends) {
        complete += each.get(120, TimeUnit.SECONDS) == End.COMPLETE ? 1 : 0;
      }
      assertThat(complete).as("seed %d", seed).isGreaterThan(STREAMS / 3);
    } finally {
      harm.shutdownNow();
      clients.shutdownNow();
    }
    assertThat(harm.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    engines.forEach(FakeOllama::heal);
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> engines.stream().allMatch(each -> each.chatting() == 0));
    for (Node worker : workers) {
      await().until(() -> worker.capability().running() == 0 && worker.capability().queued() == 0);
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(read("after", Integer.MAX_VALUE)).isEqualTo(End.COMPLETE));
    assertThat(asking.ledger().verify((checked, total) -> {}).valid()).isTrue();
  }

  private void harm(Random random) {
    FakeOllama engine = engines.get(random.nextInt(engines.size()));
    if (random.nextInt(3) > 0) {
      engine.heal();
    } else {
      List<Fault> faults =
          List.of(
              Fault.OVERLOADED,
              Fault.ERROR_MID_STREAM,
              Fault.CUT_STREAM,
              Fault.STALL,
              Fault.GARBAGE);
      engine.fail(FakeOllama.MODEL, faults.get(random.nextInt(faults.size())));
    }
  }
}
