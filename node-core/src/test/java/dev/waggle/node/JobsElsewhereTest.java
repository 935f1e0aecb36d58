package dev.waggle.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.coordinator.job.ArtifactStore;
import dev.waggle.coordinator.job.JobEvent;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobState;
import dev.waggle.coordinator.job.JobSummary;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.job.JobReply;
import dev.waggle.mesh.swarm.job.JobRequest;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.snapshot.FileArchive;
import dev.waggle.node.config.Setting;
import dev.waggle.worker.fake.FakeOllama;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs of one node's users that another node looks after, over the API of the first. */
@Timeout(90)
class JobsElsewhereTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private @TempDir Path directory;
  private FakeOllama ollama;
  private Node server;
  private Node laptop;
  private Node other;

  private Builder node(String name) {
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

  @BeforeEach
  void open() throws Exception {
    ollama = new FakeOllama();
    server =
        node("server")
            .ollama(ollama.address())
            .with(Setting.OWNER_ALLOW_JOBS, List.of("laptop"))
            .start();
    laptop =
        node("laptop").with(Setting.OLLAMA, false).with(Setting.JOBS_COORDINATOR, "server").start();
    other = node("other").with(Setting.OLLAMA, false).start();
    for (Node each : List.of(laptop, other)) {
      Invite invite = Invite.parse(server.invite(InviteTerms.MEMBER, Duration.ofHours(1)).token());
      each.join(invite).get(20, TimeUnit.SECONDS);
    }
    await().until(() -> connected(laptop) == 2 && connected(other) == 2);
  }

  @AfterEach
  void close() {
    other.close();
    laptop.close();
    server.close();
    ollama.close();
  }

  private static long connected(Node node) {
    return node.swarm().peers().peers().stream().filter(peer -> peer.connected()).count();
  }

  private HttpRequest.Builder request(Node node, String path) throws Exception {
    Path data = directory.resolve(node.config().name());
    return HttpRequest.newBuilder(
            URI.create("http://" + node.self().api() + "/swarm/v1/jobs" + path))
        .header("content-type", "application/json")
        .header("authorization", "Bearer " + Files.readString(data.resolve("api.token")).strip());
  }

  private HttpResponse<String> get(Node node, String path) throws Exception {
    return HTTP.send(request(node, path).build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> post(Node node, String path, String body) throws Exception {
    return HTTP.send(
        request(node, path).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String prompts(String model) {
    return "{\"kind\":\"map\",\"prompt\":\"say {input}\",\"model\":\""
        + model
        + "\",\"inputs\":[\"a\",\"b\"]}";
  }

  private static String name(HttpResponse<String> submitted) throws Exception {
    assertThat(submitted.statusCode()).as(submitted.body()).isEqualTo(202);
    return JSON.readTree(submitted.body()).path("job").asText();
  }

  @Test
  void pinnedNode_looksAfterJobs_andShowsThemToTheirMemberAlone() throws Exception {
    String id = name(post(laptop, "", prompts(FakeOllama.MODEL)));
    await().until(() -> get(laptop, "/" + id).body().contains("\"state\":\"done\""));
    JsonNode job = JSON.readTree(get(laptop, "/" + id).body());
    assertThat(job.path("coordinator").asText()).isEqualTo("server");
    assertThat(job.path("member").asText()).isEqualTo(laptop.peerId().toString());
    assertThat(laptop.jobs().job(new JobId(id))).as("kept at the server alone").isEmpty();
    JsonNode tasks = JSON.readTree(get(laptop, "/" + id + "/tasks").body()).path("tasks");
    assertThat(tasks)
        .hasSize(2)
        .allMatch(task -> !task.path("result").path("text").isMissingNode());
    HttpResponse<String> events =
        HTTP.send(
            request(laptop, "/" + id + "/events").header("accept", "text/event-stream").build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(events.body()).contains("event: submitted").contains("event: ended");
    assertThat(get(laptop, "").body()).contains(id);

    for (String path : List.of("/" + id, "/" + id + "/tasks", "/" + id + "/events")) {
      assertThat(get(other, path + "?on=server").statusCode()).as(path).isEqualTo(404);
    }
    assertThat(post(other, "/" + id + "/cancel?on=server", "{}").statusCode()).isEqualTo(404);
    assertThat(get(other, "?on=server").statusCode()).as("it may have none there").isEqualTo(403);
    HttpResponse<String> refused = post(other, "?on=server", prompts(FakeOllama.MODEL));
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("server says").contains("owner.allow-jobs");

    server.close();
    HttpResponse<String> away = post(laptop, "", prompts(FakeOllama.MODEL));
    assertThat(away.statusCode()).isEqualTo(502);
    assertThat(away.body()).contains("--on self");
    assertThat(get(laptop, "/" + id).body()).contains("the job is at server");
  }

  @Test
  void handover_goesThrough_orTheJobGoesOnHere() throws Exception {
    // Nobody has that model, so that the job stays open.
    String id = name(post(laptop, "?on=self", prompts("missing:1b")));
    JobId job = new JobId(id);
    HttpResponse<String> refused = post(laptop, "/" + id + "/handover", "{\"to\":\"other\"}");
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(refused.body()).contains("owner.allow-jobs").contains("goes on here");
    assertThat(laptop.jobs().job(job).orElseThrow().state()).isEqualTo(JobState.OPEN);
    String self = laptop.peerId().toString();
    laptop.jobs().freeze(self, job, other.peerId().toString()).get(20, TimeUnit.SECONDS);
    // What a crash left frozen is asked about again, and comes back when it was not taken.
    await().until(() -> laptop.jobs().job(job).orElseThrow().state() == JobState.OPEN);
    laptop.jobs().freeze(self, job, other.peerId().toString()).get(20, TimeUnit.SECONDS);
    laptop
        .jobHandovers()
        .takeBack(laptop.jobs().job(job).orElseThrow(), false)
        .get(20, TimeUnit.SECONDS);
    assertThat(laptop.jobs().job(job).orElseThrow().state()).isEqualTo(JobState.OPEN);
    assertThat(laptop.jobs().events(job, 0, 100))
        .extracting(JobEvent::kind)
        .contains(JobEvent.Kind.TAKEN_BACK);

    HttpResponse<String> taken = post(laptop, "/" + id + "/handover", "{\"to\":\"server\"}");
    assertThat(taken.body()).contains("handed_over");
    assertThat(taken.statusCode()).isEqualTo(200);
    assertThat(server.jobs().job(job).orElseThrow().member()).isEqualTo(self);
    assertThat(get(laptop, "/" + id).body()).contains("\"coordinator\":\"server\"");
    assertThat(post(laptop, "/" + id + "/cancel", "{}").statusCode()).isEqualTo(200);
    assertThat(server.jobs().job(job).orElseThrow().state()).isEqualTo(JobState.CANCELED);
  }

  @Test
  void snapshots_goWithTheirJobs_andToNobodyElse() throws Exception {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    FileArchive.write(archive, List.of(new CodeFile("a.py", Bytes.of("1"))));
    String sha256;
    try (ArtifactStore.Incoming file = laptop.artifacts().begin()) {
      file.write(archive.toByteArray());
      sha256 = file.keep();
    }
    String code =
        "{\"kind\":\"code\",\"prompt\":\"x\",\"model\":\"missing:1b\",\"repo\":\"" + sha256 + "\"}";
    String id = name(post(laptop, "?on=self", code));
    for (Node each : List.of(server, other)) {
      JobReply reply =
          each.swarm()
              .askAboutJobs(laptop.peerId(), new JobRequest.Snapshot(sha256, 0), new byte[0])
              .get(20, TimeUnit.SECONDS);
      assertThat(reply)
          .isInstanceOfSatisfying(
              JobReply.Refused.class,
              refused -> assertThat(refused.reason()).isEqualTo(JobReply.Reason.UNKNOWN));
    }
    assertThat(server.artifacts().find(sha256)).isEmpty();
    assertThat(post(laptop, "/" + id + "/handover", "{\"to\":\"server\"}").body())
        .contains("handed_over");
    assertThat(server.artifacts().find(sha256)).isPresent();
    assertThat(server.jobs().job(new JobId(id)).orElseThrow().state()).isEqualTo(JobState.OPEN);
    assertThat(post(laptop, "/" + id + "/cancel", "{}").statusCode()).isEqualTo(200);
  }

  @Test
  void lostNodesJob_isTakenBack_onceItsUserSaysSo() throws Exception {
    String id = name(post(laptop, "?on=self", prompts("missing:1b")));
    JobId job = new JobId(id);
    HttpResponse<String> early = post(laptop, "/" + id + "/retry", "{\"lost\":true}");
    assertThat(early.statusCode()).isEqualTo(409);
    assertThat(early.body()).contains("was not handed over");
    assertThat(post(laptop, "/" + id + "/handover", "{\"to\":\"server\"}").body())
        .contains("handed_over");
    HttpResponse<String> there = post(laptop, "/" + id + "/retry", "{\"lost\":true}");
    assertThat(there.statusCode()).isEqualTo(409);
    assertThat(there.body()).contains("server has it");

    server.close();
    await().until(() -> connected(laptop) == 1);
    HttpResponse<String> back = post(laptop, "/" + id + "/retry", "{\"lost\":true}");
    assertThat(back.statusCode()).as(back.body()).isEqualTo(200);
    JobSummary now = laptop.jobs().job(job).orElseThrow();
    assertThat(now.state()).isEqualTo(JobState.OPEN);
    assertThat(now.coordinator()).isEmpty();
    assertThat(laptop.jobs().tasks(job, 0, 10)).allMatch(task -> !task.state().isOver());
    assertThat(post(laptop, "/" + id + "/cancel?on=self", "{}").statusCode()).isEqualTo(200);
    assertThat(laptop.jobs().job(job).orElseThrow().state()).isEqualTo(JobState.CANCELED);
  }
}
