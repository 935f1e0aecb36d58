package dev.waggle.node.api;

import static dev.waggle.node.api.LoneNode.HTTP;
import static dev.waggle.node.api.LoneNode.JSON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.node.Node;
import dev.waggle.node.config.Setting;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One embedded node with a fake Ollama, asked over HTTP. */
@Timeout(30)
class HttpApiTest {
  private static final String ANSWER = String.join("", FakeOllama.ANSWER);
  private static final String MESSAGES = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

  private static @TempDir Path directory;
  private static LoneNode lone;
  private static FakeOllama ollama;
  private static Node node;

  @BeforeAll
  static void start() throws Exception {
    lone =
        new LoneNode(
            directory.resolve("node"),
            builder -> builder.with(Setting.STALL_SECONDS, 1).with(Setting.FIRST_TOKEN_SECONDS, 2));
    ollama = lone.ollama();
    node = lone.node();
  }

  @AfterAll
  static void stop() {
    lone.close();
  }

  @AfterEach
  void heal() {
    ollama.heal();
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.apiAddress().getPort());
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static String token() throws IOException {
    return Files.readString(directory.resolve("node/api.token")).strip();
  }

  private static HttpResponse<String> get(String path, String... headers) throws Exception {
    return LoneNode.send(lone.request(path, headers));
  }

  private static HttpResponse<String> post(String path, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        lone.request(path, headers).POST(HttpRequest.BodyPublishers.ofString(body));
    if (headers.length == 0) {
      request.header("content-type", "application/json");
    }
    return LoneNode.send(request);
  }

  private static String chat(String model, String more) {
    return "{\"model\":\"" + model + "\"," + MESSAGES + more + "}";
  }

  @Test
  void chatCompletion_whole() throws Exception {
    HttpResponse<String> response =
        post("/v1/chat/completions", chat(FakeOllama.MODEL, ",\"max_tokens\":9,\"stop\":\"x\""));
    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode body = JSON.readTree(response.body());
    assertThat(body.path("object").asText()).isEqualTo("chat.completion");
    assertThat(body.path("choices").path(0).path("message").path("content").asText())
        .isEqualTo(ANSWER);
    assertThat(body.path("choices").path(0).path("finish_reason").asText()).isEqualTo("stop");
    assertThat(body.path("usage").path("total_tokens").asInt()).isEqualTo(7);
    assertThat(response.headers().firstValue("x-waggle-node")).contains(node.peerId().toString());
    assertThat(response.headers().firstValue("x-waggle-task").orElse("")).matches("[0-9a-f]{32}");
    assertThat(response.headers().firstValue("x-waggle-model-digest").orElse(""))
        .isEqualTo("sha256:" + FakeOllama.digest(FakeOllama.MODEL));
    JsonNode options = ollama.chats().get(ollama.chats().size() - 1).path("options");
    assertThat(options.path("num_predict").asInt()).isEqualTo(9);
    assertThat(options.path("stop").path(0).asText()).isEqualTo("x");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://localhost:3000", "https://127.0.0.1", "vscode-webview://abc"})
  void pageOfThisMachine_mayAskAndReadTheAnswer(String origin) throws Exception {
    HttpRequest preflight =
        HttpRequest.newBuilder(lone.uri("/v1/chat/completions"))
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
            .headers("origin", origin, "access-control-request-method", "POST")
            .build();
    HttpResponse<String> allowed = HTTP.send(preflight, HttpResponse.BodyHandlers.ofString());
    assertThat(allowed.statusCode()).isEqualTo(204);
    assertThat(allowed.headers().firstValue("access-control-allow-origin")).contains(origin);
    assertThat(allowed.headers().firstValue("access-control-allow-headers").orElse(""))
        .contains("authorization");
    HttpResponse<String> answer =
        post(
            "/v1/chat/completions",
            chat(FakeOllama.MODEL, ""),
            "origin",
            origin,
            "content-type",
            "application/json");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("access-control-allow-origin")).contains(origin);
    assertThat(answer.headers().firstValue("access-control-expose-headers").orElse(""))
        .contains("x-waggle-task");
  }

  @Test
  void modelsThatAreLoaded_andOne_areShownAsOllamaDoes() throws Exception {
    JsonNode loaded = JSON.readTree(get("/api/ps").body()).path("models");
    assertThat(loaded)
        .extracting(each -> each.path("name").asText())
        .containsExactlyElementsOf(
            node.capability().models().stream()
                .filter(ModelOffer::loaded)
                .map(ModelOffer::name)
                .toList());
    for (String field : List.of("model", "name")) {
      JsonNode shown =
          JSON.readTree(
              post("/api/show", "{\"" + field + "\":\"" + FakeOllama.MODEL + "\"}").body());
      assertThat(shown.path("capabilities").path(0).asText()).isEqualTo("completion");
      assertThat(shown.path("details").path("format").asText()).isEqualTo("gguf");
      assertThat(shown.has("model_info")).isTrue();
    }
    assertThat(post("/api/show", "{}").statusCode()).isEqualTo(400);
    HttpResponse<String> missing = post("/api/show", "{\"model\":\"nope\"}");
    assertThat(missing.statusCode()).isEqualTo(404);
    assertThat(missing.body()).contains("nearest");
  }

  @Test
  void pageFromElsewhere_isToldNothing() throws Exception {
    HttpRequest preflight =
        HttpRequest.newBuilder(lone.uri("/v1/chat/completions"))
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
            .headers("origin", "https://evil.example", "access-control-request-method", "POST")
            .build();
    HttpResponse<String> refused = HTTP.send(preflight, HttpResponse.BodyHandlers.ofString());
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.headers().firstValue("access-control-allow-origin")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "local", "edgecoder-auto", "edgecoder-local"})
  void anyModel_isOneThatIsThere_andTheAnswerSaysWhich(String name) throws Exception {
    for (HttpResponse<String> response :
        List.of(
            post("/v1/chat/completions", chat(name, "")),
            post("/api/chat", chat(name, ",\"stream\":false")))) {
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      String model = response.headers().firstValue("x-waggle-model").orElse("");
      assertThat(node.capability().models()).extracting(ModelOffer::name).contains(model);
    }
  }

  @Test
  void modelOfOthers_isNowhere_whereThereAreNoOthers() throws Exception {
    HttpResponse<String> response = post("/v1/chat/completions", chat("swarm", ""));
    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(response.body()).contains("another node").contains("auto");
  }

  @Test
  void task_isToldAfterwards_fromItsOfferToItsReceipt() throws Exception {
    HttpResponse<String> answer = post("/v1/chat/completions", chat("auto", ""));
    String task = answer.headers().firstValue("x-waggle-task").orElseThrow();
    assertThat(get("/swarm/v1/tasks/" + task).statusCode()).isEqualTo(401);
    String bearer = "Bearer " + token();
    JsonNode story = JSON.readTree(get("/swarm/v1/tasks/" + task, "authorization", bearer).body());
    assertThat(story.path("model").asText()).isEqualTo("auto");
    assertThat(story.path("events"))
        .extracting(each -> each.path("what").asText())
        .containsExactly("offered", "claimed", "running", "started", "done");
    assertThat(story.path("events").path(4).path("detail").asText()).contains("tokens");
    assertThat(story.path("receipt").path("task").asText()).isEqualTo(task);

    HttpResponse<String> refused = post("/v1/chat/completions", chat("nope", ""));
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(get("/swarm/v1/tasks/" + "0".repeat(32), "authorization", bearer).statusCode())
        .isEqualTo(404);
    assertThat(get("/swarm/v1/tasks/nonsense", "authorization", bearer).body())
        .contains("x-waggle-task");
  }

  @Test
  void chatCompletion_streamed_endsInUsageAndDone() throws Exception {
    HttpResponse<String> response =
        post(
            "/v1/chat/completions",
            chat(FakeOllama.MODEL, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
    assertThat(response.headers().firstValue("content-type")).contains("text/event-stream");
    assertThat(response.headers().firstValue("x-waggle-node")).contains(node.peerId().toString());
    List<JsonNode> events = LoneNode.events(response.body());
    assertThat(
            events.stream()
                .map(
                    event -> event.path("choices").path(0).path("delta").path("content").asText(""))
                .collect(Collectors.joining()))
        .isEqualTo(ANSWER);
    JsonNode last = events.get(events.size() - 1);
    assertThat(last.path("choices")).isEmpty();
    assertThat(last.path("usage").path("completion_tokens").asInt()).isEqualTo(5);
    assertThat(response.body()).endsWith("data: [DONE]\n\n");
  }

  @Test
  void contentParts_andTheDevelopersRole_areUnderstood() throws Exception {
    HttpResponse<String> response =
        post(
            "/v1/chat/completions",
            "{\"model\":\""
                + FakeOllama.MODEL
                + "\",\"messages\":[{\"role\":\"developer\",\"content\":\"be brief\"},"
                + "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
                + "{\"type\":\"text\",\"text\":\"b\"}]},"
                + "{\"role\":\"assistant\",\"content\":null}]}");
    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode messages = ollama.chats().get(ollama.chats().size() - 1).path("messages");
    assertThat(messages.path(0).path("role").asText()).isEqualTo("system");
    assertThat(messages.path(1).path("content").asText()).isEqualTo("ab");
  }

  @Test
  void thinking_isShownApart() throws Exception {
    JsonNode openAi =
        JSON.readTree(post("/v1/chat/completions", chat(FakeOllama.THINKER, "")).body());
    JsonNode message = openAi.path("choices").path(0).path("message");
    assertThat(message.path("reasoning_content").asText()).isEqualTo("let me count");
    assertThat(message.path("content").asText()).isEqualTo(ANSWER);
    JsonNode ollamas =
        JSON.readTree(post("/api/chat", chat(FakeOllama.THINKER, ",\"stream\":false")).body());
    assertThat(ollamas.path("message").path("thinking").asText()).isEqualTo("let me count");
  }

  @Test
  void ollamaChat_streamsLines() throws Exception {
    HttpResponse<String> response = post("/api/chat", chat(FakeOllama.MODEL, ""));
    assertThat(response.headers().firstValue("content-type")).contains("application/x-ndjson");
    List<String> lines = response.body().lines().toList();
    StringBuilder text = new StringBuilder();
    for (String line : lines) {
      text.append(JSON.readTree(line).path("message").path("content").asText());
    }
    assertThat(text).hasToString(ANSWER);
    JsonNode last = JSON.readTree(lines.get(lines.size() - 1));
    assertThat(last.path("done").asBoolean()).isTrue();
    assertThat(last.path("done_reason").asText()).isEqualTo("stop");
    assertThat(last.path("prompt_eval_count").asInt()).isPositive();
    assertThat(last.path("total_duration").asLong()).isPositive();
  }

  @Test
  void ollamaGenerate_wholeAndStreamed() throws Exception {
    String request = "{\"model\":\"" + FakeOllama.MODEL + "\",\"prompt\":\"hi\",\"system\":\"s\"";
    JsonNode whole = JSON.readTree(post("/api/generate", request + ",\"stream\":false}").body());
    assertThat(whole.path("response").asText()).isEqualTo(ANSWER);
    assertThat(whole.path("done").asBoolean()).isTrue();
    String streamed = post("/api/generate", request + "}").body();
    assertThat(streamed.lines()).hasSize(FakeOllama.ANSWER.size() + 1);
  }

  @Test
  void ollamaRequestWithoutPrompt_onlyLoads() throws Exception {
    JsonNode loaded =
        JSON.readTree(post("/api/generate", "{\"model\":\"" + FakeOllama.MODEL + "\"}").body());
    assertThat(loaded.path("done_reason").asText()).isEqualTo("load");
    assertThat(post("/api/chat", "{\"model\":\"nope\"}").statusCode()).isEqualTo(404);
  }

  @Test
  void versionTagsAndModels_nameWhatIsThere() throws Exception {
    assertThat(JSON.readTree(get("/api/version").body()).has("waggle")).isTrue();
    JsonNode tags = JSON.readTree(get("/api/tags").body()).path("models");
    assertThat(tags).extracting(each -> each.path("name").asText()).contains(FakeOllama.MODEL);
    assertThat(tags.path(0).path("digest").asText()).matches("[0-9a-f]{64}");
    JsonNode models = JSON.readTree(get("/v1/models").body());
    assertThat(models.path("object").asText()).isEqualTo("list");
    assertThat(models.path("data"))
        .extracting(each -> each.path("id").asText())
        .hasSize(3 + 5)
        .startsWith("auto", "local", "swarm")
        .contains(FakeOllama.MODEL);
    assertThat(get("/v1/models/auto").statusCode()).isEqualTo(200);
    assertThat(get("/v1/models/" + FakeOllama.MODEL).statusCode()).isEqualTo(200);
    assertThat(get("/v1/models/nope").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ | not valid JSON |",
        "{\"model\":1} | model has to be a text | model",
        "{} | model is missing | model",
        "[] | has to be a JSON object | the body",
        "{\"model\":\"x\"} | messages is missing | messages",
        "{\"model\":\"x\",\"messages\":{}} | messages has to be an array | messages",
        "{\"model\":\"x\",\"messages\":[]} | at least one message | messages",
        "{\"model\":\"x\",\"messages\":[1]} | has to be a JSON object | messages[0]",
        "{\"model\":\"x\",\"messages\":[{\"role\":\"bee\",\"content\":\"\"}]} | system, user, assistant or tool | messages[0].role",
        "{\"model\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":5}]} | has to be a text | messages[0].content",
        "{\"model\":\"x\",MESSAGES,\"temperature\":\"hot\"} | temperature has to be a number | temperature",
        "{\"model\":\"x\",MESSAGES,\"temperature\":3} | from 0.0 to 2.0 | temperature",
        "{\"model\":\"x\",MESSAGES,\"max_tokens\":0} | has to be 1 or more | max_tokens",
        "{\"model\":\"x\",MESSAGES,\"max_tokens\":1.5} | whole number | max_tokens",
        "{\"model\":\"x\",MESSAGES,\"stream\":\"yes\"} | true or false | stream",
        "{\"model\":\"x\",MESSAGES,\"stop\":[1]} | texts | stop",
        "{\"model\":\"x\",MESSAGES,\"n\":17} | 1 to 16 | n",
        "{\"model\":\"x\",MESSAGES,\"tools\":[{}]} | is missing | tools[0].function.name",
        "{\"model\":\"x\",MESSAGES,\"stream_options\":true} | JSON object | stream_options",
        "{\"model\":\"x\",MESSAGES}{} | not valid JSON |",
      })
  void badOpenAiRequest_isAnErrorThatNamesTheField(String body, String message, String param)
      throws Exception {
    HttpResponse<String> response =
        post("/v1/chat/completions", body.replace("MESSAGES", MESSAGES));
    assertThat(response.statusCode()).isEqualTo(400);
    JsonNode error = JSON.readTree(response.body()).path("error");
    assertThat(error.path("message").asText()).contains(message);
    assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
    assertThat(error.path("param").asText(null)).isEqualTo(param);
    assertThat(error.has("code")).isTrue();
    assertThat(response.body()).doesNotContain("Exception").doesNotContain("at dev.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{}",
        "{\"model\":\"x\",\"messages\":1}",
        "{\"model\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":{}}]}",
        "{\"model\":\"x\",\"options\":{\"temperature\":\"hot\"}}",
        "{\"model\":\"x\",\"stream\":1}",
        "{\"model\":\"x\",\"format\":\"xml\"}"
      })
  void badOllamaRequest_isAnErrorInItsForm(String body) throws Exception {
    HttpResponse<String> response = post("/api/chat", body);
    assertThat(response.statusCode()).isEqualTo(400);
    JsonNode error = JSON.readTree(response.body());
    assertThat(error.path("error").isTextual()).isTrue();
    assertThat(error).hasSize(1);
  }

  @Test
  void unknownModel_isNotFound_andTheNearestIsNamed() throws Exception {
    HttpResponse<String> response = post("/v1/chat/completions", chat("fake:7b", ""));
    assertThat(response.statusCode()).isEqualTo(404);
    JsonNode error = JSON.readTree(response.body()).path("error");
    assertThat(error.path("code").asText()).isEqualTo("model_not_found");
    assertThat(error.path("message").asText()).contains("fake:7b").contains("nearest: fake:1b");
    HttpResponse<String> ollamas = post("/api/chat", chat("fake:7b", ""));
    assertThat(ollamas.statusCode()).isEqualTo(404);
    assertThat(JSON.readTree(ollamas.body()).path("error").asText()).contains("fake:7b");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions,text/plain",
    "/v1/chat/completions,application/xml",
    "/v1/chat/completions,multipart/form-data",
    "/api/chat,text/plain"
  })
  void otherContentTypes_areRefused(String path, String type) throws Exception {
    HttpResponse<String> response = post(path, chat(FakeOllama.MODEL, ""), "content-type", type);
    assertThat(response.statusCode()).isEqualTo(415);
    assertThat(response.body()).contains("application/json");
  }

  @Test
  void ollamaRequestsOfPlainCurl_work() throws Exception {
    assertThat(
            post(
                    "/api/chat",
                    chat(FakeOllama.MODEL, ""),
                    "content-type",
                    "application/x-www-form-urlencoded")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void oversizedBody_isRefused() throws Exception {
    String big = chat(FakeOllama.MODEL, ",\"x\":\"" + "x".repeat(HttpApi.BODY_BYTES_MAX) + "\"");
    assertThat(rawPost("/v1/chat/completions", big)).contains(" 413 ").contains("larger than");
    assertThat(rawPost("/api/chat", big)).contains(" 413 ").contains("{\"error\":\"");
  }

  @Test
  void artifact_isKeptUnderItsHash_upToALimit_forWhoMay() throws Exception {
    byte[] content = new byte[1 << 20];
    new Random(5).nextBytes(content);
    assertThat(upload(content).statusCode()).isEqualTo(401);
    String bearer = "Bearer " + token();
    HttpResponse<String> kept = upload(content, "authorization", bearer);
    assertThat(kept.statusCode()).isEqualTo(201);
    String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    assertThat(JSON.readTree(kept.body()).path("sha256").asText()).isEqualTo(sha256);
    HttpRequest download =
        HttpRequest.newBuilder(lone.uri("/swarm/v1/artifacts/" + sha256))
            .header("authorization", bearer)
            .build();
    assertThat(HTTP.send(download, HttpResponse.BodyHandlers.ofByteArray()).body())
        .isEqualTo(content);
    assertThat(get("/swarm/v1/artifacts/" + sha256).statusCode()).isEqualTo(401);

    String big = "x".repeat((int) Snapshot.BYTES_MAX + 1);
    assertThat(rawPost("/swarm/v1/artifacts", big, "authorization: " + bearer + "\r\n"))
        .contains(" 413 ")
        .contains("at most");
    HttpRequest unannounced =
        HttpRequest.newBuilder(lone.uri("/swarm/v1/artifacts"))
            .header("authorization", bearer)
            .POST(
                HttpRequest.BodyPublishers.ofInputStream(
                    () -> new ByteArrayInputStream(big.getBytes(StandardCharsets.US_ASCII))))
            .build();
    assertThat(HTTP.send(unannounced, HttpResponse.BodyHandlers.ofString()).statusCode())
        .isEqualTo(413);
    await()
        .untilAsserted(
            () ->
                assertThat(directory.resolve("node/artifacts"))
                    .as("nothing is left of what was refused")
                    .isDirectoryNotContaining("glob:**partial*"));
  }

  private static HttpResponse<String> upload(byte[] content, String... headers) throws Exception {
    return LoneNode.send(
        lone.request("/swarm/v1/artifacts", headers)
            .POST(HttpRequest.BodyPublishers.ofByteArray(content)));
  }

  /** The answer to a request that is sent whole even if the answer comes early. */
  private static String rawPost(String path, String body) throws IOException {
    return rawPost(path, body, "");
  }

  private static String rawPost(String path, String body, String headers) throws IOException {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST "
                  + path
                  + " HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
                  + "connection: close\r\ncontent-length: "
                  + body.length()
                  + "\r\n"
                  + headers
                  + "\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      // To its end: the server closes when it has given the client time to read this.
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void unknownPath_andWrongMethod_areAnsweredInTheDialect() throws Exception {
    assertThat(get("/v1/nothing").statusCode()).isEqualTo(404);
    assertThat(JSON.readTree(get("/v1/nothing").body()).path("error").has("message")).isTrue();
    assertThat(JSON.readTree(get("/api/nothing").body()).path("error").isTextual()).isTrue();
    assertThat(get("/v1/chat/completions").statusCode()).isEqualTo(405);
  }

  @Test
  void foreignOriginsAndHosts_areRefused() throws Exception {
    assertThat(get("/v1/models", "origin", "https://evil.example").statusCode()).isEqualTo(403);
    assertThat(get("/v1/models", "origin", "null").statusCode()).isEqualTo(403);
    assertThat(get("/v1/models", "origin", "http://localhost:3000").statusCode()).isEqualTo(200);
    assertThat(get("/v1/models", "origin", "vscode-webview://abc").statusCode()).isEqualTo(200);
    assertThat(withHost("evil.example")).contains(" 403 ");
    assertThat(withHost("localhost:4304")).contains(" 200 ");
  }

  private static String withHost(String host) throws IOException {
    try (Socket socket = connect()) {
      socket
          .getOutputStream()
          .write(
              ("GET /v1/models HTTP/1.1\r\nhost: " + host + "\r\nconnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
          .readLine();
    }
  }

  @Test
  void whatChangesTheNodeOrReadsItsRecords_needsTheToken() throws Exception {
    for (String path : List.of("/swarm/v1/ledger", "/swarm/v1/ledger/verify")) {
      assertThat(get(path).statusCode()).isEqualTo(401);
      assertThat(get(path, "authorization", "Bearer wrong").statusCode()).isEqualTo(401);
      assertThat(get(path, "authorization", "Bearer " + token()).statusCode()).isEqualTo(200);
    }
    assertThat(post("/swarm/v1/invites", "{}").statusCode()).isEqualTo(401);
    assertThat(post("/swarm/v1/join", "{\"token\":\"x\"}").statusCode()).isEqualTo(401);
  }

  @Test
  void faults_areShownAndForgiven_toWhoMay() throws Exception {
    PeerId peer = Identity.generate(new SecureRandom()).peerId();
    for (int i = 0; i < 2; i++) {
      node.conduct().observe(peer, Fault.FALSE_RECEIPT, new byte[] {1, 2, 3});
    }
    assertThat(get("/swarm/v1/faults").statusCode()).isEqualTo(401);
    String bearer = "Bearer " + token();
    await()
        .untilAsserted(
            () -> {
              JsonNode body =
                  JSON.readTree(get("/swarm/v1/faults", "authorization", bearer).body());
              assertThat(body.path("faults")).hasSize(2);
              JsonNode first = body.path("faults").path(0);
              assertThat(first.path("peerId").asText()).isEqualTo(peer.toString());
              assertThat(first.path("evidence").binaryValue()).containsExactly(1, 2, 3);
              JsonNode standing = body.path("standings").path(0);
              assertThat(standing.path("score").asDouble()).isBetween(11.5, 12.0);
              assertThat(standing.has("shunnedUntil")).isTrue();
            });
    String whom = "{\"peer\":\"" + peer + "\"}";
    assertThat(post("/swarm/v1/faults/forgive", whom).statusCode()).isEqualTo(401);
    HttpResponse<String> forgiven =
        post(
            "/swarm/v1/faults/forgive",
            whom,
            "authorization",
            bearer,
            "content-type",
            "application/json");
    assertThat(JSON.readTree(forgiven.body()).path("standings")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/chat/completions", "/api/chat"})
  void labels_comeInTheBodyAndInTheHeader(String path) throws Exception {
    String held = chat(FakeOllama.MODEL, ",\"waggle\":{\"labels\":[\"repo:x\",\"lan-only\"]}");
    assertThat(post(path, held).statusCode()).isEqualTo(200);
    String missing = chat(FakeOllama.MODEL, ",\"waggle\":{\"labels\":\"team-a\"}");
    assertThat(post(path, missing).statusCode()).isEqualTo(403);
    assertThat(post(path, missing).body()).contains("team-a").contains("waggle label");
    HttpResponse<String> wrong =
        post(
            path,
            chat(FakeOllama.MODEL, ""),
            "content-type",
            "application/json",
            "x-waggle-labels",
            "repo:x, Team");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("x-waggle-labels").contains("Team");
  }

  @Test
  void tokens_doWhatTheirScopesAllow_untilTheyAreRevoked() throws Exception {
    String master = "Bearer " + token();
    JsonNode made =
        JSON.readTree(
            post(
                    "/swarm/v1/tokens",
                    "{\"name\":\"reader\",\"scopes\":[\"read\"]}",
                    "authorization",
                    master,
                    "content-type",
                    "application/json")
                .body());
    String reader = "Bearer " + made.path("token").asText();
    assertThat(reader).startsWith("Bearer wgl_");
    assertThat(get("/swarm/v1/ledger", "authorization", reader).statusCode()).isEqualTo(200);
    HttpResponse<String> refused =
        post(
            "/swarm/v1/invites", "{}", "authorization", reader, "content-type", "application/json");
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("has not the scope admin");
    assertThat(get("/swarm/v1/tokens", "authorization", reader).statusCode()).isEqualTo(403);
    String listed = get("/swarm/v1/tokens", "authorization", master).body();
    assertThat(listed).contains("\"reader\"").doesNotContain(made.path("token").asText());
    HttpRequest revoke =
        HttpRequest.newBuilder(lone.uri("/swarm/v1/tokens/" + made.path("id").asText()))
            .header("authorization", master)
            .DELETE()
            .build();
    assertThat(HTTP.send(revoke, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    assertThat(HTTP.send(revoke, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(404);
    assertThat(get("/swarm/v1/ledger", "authorization", reader).statusCode()).isEqualTo(401);
    assertThat(
            post(
                    "/swarm/v1/tokens",
                    "{\"scopes\":[\"everything\"]}",
                    "authorization",
                    master,
                    "content-type",
                    "application/json")
                .body())
        .contains("\\\"everything\\\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host: 127.0.0.1\r\nHost: evil.example",
        "Host: 127.0.0.1\r\nOrigin: http://localhost\r\nOrigin: http://evil.example",
        "Host: 127.0.0.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b",
        "Host: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 3",
        "Host: 127.0.0.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked",
        "Host: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Host : 127.0.0.1",
        "Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site",
        "Host: 127.0.0.1\r\nOrigin: null"
      })
  void ambiguousOrForeignHeaders_areRefused(String headers) throws Exception {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("GET /swarm/v1/status HTTP/1.1\r\n" + headers + "\r\nConnection: close\r\n\r\n{}")
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      String status = in.readLine();
      assertThat(status == null ? "" : status).doesNotContain(" 200");
    }
  }

  @Test
  void statusHealthAndMetrics_areOpen() throws Exception {
    assertThat(get("/healthz").body()).isEqualTo("{\"status\":\"ok\"}");
    JsonNode status = JSON.readTree(get("/swarm/v1/status").body());
    assertThat(status.path("peerId").asText()).isEqualTo(node.peerId().toString());
    assertThat(status.path("worker").path("slots").asInt()).isEqualTo(2);
    assertThat(JSON.readTree(get("/swarm/v1/peers").body()).path("peers")).isEmpty();
    post("/v1/chat/completions", chat(FakeOllama.MODEL, ""));
    assertThat(get("/metrics").body())
        .contains("waggle_requests_total{dialect=\"openai\",result=\"done\"}")
        .contains("waggle_worker_slots 2.0")
        .contains("jvm_memory_used_bytes");
  }

  @Test
  void invite_isMade_andTooLongOnesAreRefused() throws Exception {
    String[] headers = {"authorization", "Bearer " + token(), "content-type", "application/json"};
    JsonNode invite = JSON.readTree(post("/swarm/v1/invites", "{}", headers).body());
    assertThat(invite.path("token").asText()).startsWith("waggle1");
    HttpResponse<String> refused =
        post("/swarm/v1/invites", "{\"validitySeconds\":99999999}", headers);
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(refused.body()).contains("at most 30 days");
    HttpResponse<String> own =
        post("/swarm/v1/join", "{\"token\":\"" + invite.path("token").asText() + "\"}", headers);
    assertThat(own.statusCode()).isEqualTo(409);
    assertThat(own.body()).contains("made the invite itself");
  }

  @ParameterizedTest
  @CsvSource({
    "OVERLOADED,502",
    "ERROR_MID_STREAM,502",
    "CUT_STREAM,502",
    "STALL,502",
    "SILENCE,502",
    "GARBAGE,502",
    "BAD_REQUEST,400"
  })
  void engineFault_isAnHonestError(FakeServer.Fault fault, int status) throws Exception {
    ollama.fail(FakeOllama.MODEL, fault);
    HttpResponse<String> whole = post("/v1/chat/completions", chat(FakeOllama.MODEL, ""));
    assertThat(whole.statusCode()).isEqualTo(status);
    assertThat(JSON.readTree(whole.body()).path("error").path("message").asText())
        .containsPattern("(?i)ollama|no answer began within");

    HttpResponse<String> stream =
        post("/v1/chat/completions", chat(FakeOllama.MODEL, ",\"stream\":true"));
    boolean begun = stream.statusCode() == 200;
    assertThat(begun)
        .isEqualTo(
            fault
                .name()
                .toLowerCase(Locale.ROOT)
                .matches("error_mid_stream|cut_stream|stall|garbage|silence"));
    if (begun) {
      List<JsonNode> events = LoneNode.events(stream.body());
      assertThat(events.get(events.size() - 1).path("error").path("message").asText())
          .containsPattern("broke off|no answer began");
      assertThat(stream.body()).doesNotContain("[DONE]");
    }
  }

  @Test
  void clientThatGoesAway_stopsTheEngine() throws Exception {
    await().until(() -> ollama.chatting() == 0);
    int before = ollama.abandoned();
    try (Socket socket = connect()) {
      String body = chat(FakeOllama.ENDLESS, ",\"stream\":true");
      socket
          .getOutputStream()
          .write(
              ("POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
                      + "content-type: application/json\r\ncontent-length: "
                      + body.length()
                      + "\r\n\r\n"
                      + body)
                  .getBytes(StandardCharsets.US_ASCII));
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      String line = "";
      while (!line.contains("tick")) {
        line = lines.readLine();
      }
    }
    await().until(() -> ollama.chatting() == 0 && ollama.abandoned() == before + 1);
    await().until(() -> node.capability().running() == 0);
  }

  @Test
  void manyClientsOfOneModel_areAllServed_inTurn() throws Exception {
    List<java.util.concurrent.CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      all.add(
          HTTP.sendAsync(
              HttpRequest.newBuilder(lone.uri("/v1/chat/completions"))
                  .header("content-type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString(chat(FakeOllama.MODEL, "")))
                  .build(),
              HttpResponse.BodyHandlers.ofString()));
    }
    for (var each : all) {
      assertThat(each.get().statusCode()).isEqualTo(200);
    }
  }
}
