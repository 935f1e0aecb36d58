package dev.waggle.node.api;

import static dev.waggle.node.api.LoneNode.JSON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.node.Node;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the dialects of OpenAI and Ollama can say beyond a plain chat. */
@Timeout(30)
class DialectTest {
  private static final String ANSWER = String.join("", FakeOllama.ANSWER);
  private static final String HI = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
  private static final String TOOL =
      "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"description\":\"of a city\","
          + "\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}}}]";

  private static @TempDir Path directory;
  private static LoneNode lone;
  private static FakeOllama ollama;
  private static Node node;

  @BeforeAll
  static void start() throws Exception {
    lone = new LoneNode(directory.resolve("node"), UnaryOperator.identity());
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
    ollama.pace(new FakeOllama.Pace(Duration.ZERO, Duration.ZERO, Duration.ZERO));
  }

  private static HttpResponse<String> send(
      String path, String model, String rest, String... headers) throws Exception {
    HttpRequest.Builder request =
        lone.request(path, headers)
            .header("content-type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString("{\"model\":\"" + model + "\"," + rest + "}"));
    return LoneNode.send(request);
  }

  private static JsonNode post(String path, String model, String rest) throws Exception {
    HttpResponse<String> response = send(path, model, rest);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  private static List<JsonNode> events(String path, String model, String rest) throws Exception {
    HttpResponse<String> response = send(path, model, rest + ",\"stream\":true");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return LoneNode.events(response.body());
  }

  private static JsonNode sent() {
    return ollama.chats().get(ollama.chats().size() - 1);
  }

  // ---- chat

  @Test
  void toolCalls_areWhole_orInDeltas_andTheirAnswerIsUnderstood() throws Exception {
    JsonNode choice =
        post("/v1/chat/completions", FakeOllama.CAPABLE, HI + "," + TOOL).path("choices").path(0);
    assertThat(choice.path("finish_reason").asText()).isEqualTo("tool_calls");
    JsonNode call = choice.path("message").path("tool_calls").path(0);
    assertThat(choice.path("message").path("content").isNull()).isTrue();
    assertThat(call.path("type").asText()).isEqualTo("function");
    assertThat(call.path("id").asText()).isNotEmpty();
    assertThat(call.path("function").path("name").asText()).isEqualTo("weather");
    assertThat(call.path("function").path("arguments").asText()).isEqualTo("{\"city\":\"Bern\"}");

    List<JsonNode> events = events("/v1/chat/completions", FakeOllama.CAPABLE, HI + "," + TOOL);
    String arguments =
        events.stream()
            .flatMap(each -> parts(each.path("choices").path(0).path("delta").path("tool_calls")))
            .map(each -> each.path("function").path("arguments").asText(""))
            .collect(Collectors.joining());
    assertThat(arguments).isEqualTo("{\"city\":\"Bern\"}");

    String conversation =
        "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":null,"
            + "\"tool_calls\":["
            + call
            + "]},{\"role\":\"tool\",\"tool_call_id\":\""
            + call.path("id").asText()
            + "\",\"content\":\"rain\"}],"
            + TOOL;
    JsonNode after = post("/v1/chat/completions", FakeOllama.CAPABLE, conversation);
    assertThat(after.path("choices").path(0).path("message").path("content").asText())
        .isEqualTo(ANSWER);
    JsonNode messages = sent().path("messages");
    assertThat(messages.path(1).path("tool_calls").path(0).path("function").path("arguments"))
        .isEqualTo(JSON.readTree("{\"city\":\"Bern\"}"));
    assertThat(messages.path(2).path("role").asText()).isEqualTo("tool");
  }

  private static Stream<JsonNode> parts(JsonNode array) {
    List<JsonNode> parts = new ArrayList<>();
    array.forEach(parts::add);
    return parts.stream();
  }

  @Test
  void toolChoiceNone_offersNone() throws Exception {
    post("/v1/chat/completions", FakeOllama.CAPABLE, HI + "," + TOOL + ",\"tool_choice\":\"none\"");
    assertThat(sent().has("tools")).isFalse();
  }

  @Test
  void toolThatHasToBeCalled_isCalled() throws Exception {
    String choice = HI + "," + TOOL + ",\"tool_choice\":";
    for (String each :
        List.of("\"required\"", "{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}")) {
      JsonNode answer = post("/v1/chat/completions", FakeOllama.CAPABLE, choice + each);
      assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("tool_calls");
      assertThat(answer.at("/choices/0/message/content").isNull()).isTrue();
      assertThat(answer.at("/choices/0/message/tool_calls/0/function/arguments").asText())
          .isEqualTo("{\"city\":\"Bern\"}");
      assertThat(sent().at("/format/properties/name/const").asText()).isEqualTo("weather");
    }
    for (String each : List.of("\"sometimes\"", "{\"function\":{\"name\":\"missing\"}}")) {
      HttpResponse<String> refused =
          send("/v1/chat/completions", FakeOllama.CAPABLE, choice + each);
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).contains("tool_choice");
    }
  }

  @Test
  void modelThatCannotCallTools_isRefusedByName() throws Exception {
    HttpResponse<String> refused = send("/v1/chat/completions", FakeOllama.MODEL, HI + "," + TOOL);
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("cannot do this: tools");
    assertThat(
            post("/v1/chat/completions", "auto", HI + "," + TOOL)
                .path("choices")
                .path(0)
                .path("finish_reason")
                .asText())
        .as("auto takes one that can")
        .isEqualTo("tool_calls");
  }

  @Test
  void schema_reachesTheEngine() throws Exception {
    String format =
        ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"c\",\"schema\":"
            + "{\"type\":\"object\",\"required\":[\"city\"]}}}";
    JsonNode body = post("/v1/chat/completions", FakeOllama.CAPABLE, HI + format);
    assertThat(body.path("choices").path(0).path("message").path("content").asText())
        .isEqualTo("{\"city\":\"Bern\"}");
    assertThat(sent().path("format").path("required").path(0).asText()).isEqualTo("city");
    post("/api/chat", FakeOllama.CAPABLE, HI + ",\"stream\":false,\"format\":\"json\"");
    assertThat(sent().path("format").asText()).isEqualTo("json");
  }

  @Test
  void severalChoices_comeTogether_eachWithItsSeed() throws Exception {
    JsonNode body = post("/v1/chat/completions", FakeOllama.CAPABLE, HI + ",\"n\":3,\"seed\":7");
    assertThat(body.path("choices"))
        .extracting(each -> each.path("index").asInt())
        .containsExactly(0, 1, 2);
    assertThat(body.path("usage").path("completion_tokens").asInt()).isEqualTo(15);
    List<Integer> seeds =
        ollama.chats().subList(ollama.chats().size() - 3, ollama.chats().size()).stream()
            .map(each -> each.path("options").path("seed").asInt())
            .toList();
    assertThat(seeds).containsExactlyInAnyOrder(7, 8, 9);
    List<JsonNode> events = events("/v1/chat/completions", FakeOllama.CAPABLE, HI + ",\"n\":2");
    for (int choice = 0; choice < 2; choice++) {
      int index = choice;
      assertThat(
              events.stream()
                  .map(each -> each.path("choices").path(0))
                  .filter(each -> each.path("index").asInt() == index)
                  .map(each -> each.path("delta").path("content").asText(""))
                  .collect(Collectors.joining()))
          .isEqualTo(ANSWER);
    }
  }

  @Test
  void logprobs_areShown() throws Exception {
    JsonNode choice =
        post("/v1/chat/completions", FakeOllama.MODEL, HI + ",\"logprobs\":true,\"top_logprobs\":2")
            .path("choices")
            .path(0);
    JsonNode first = choice.path("logprobs").path("content").path(0);
    assertThat(first.path("token").asText()).isEqualTo("one");
    assertThat(first.path("logprob").asDouble()).isEqualTo(-0.25);
    assertThat(first.path("top_logprobs")).hasSize(2);
  }

  @Test
  void images_comeAsDataOnly() throws Exception {
    String content =
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"what?\"},"
            + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"URL\"}}]}]";
    JsonNode body =
        post(
            "/v1/chat/completions",
            FakeOllama.CAPABLE,
            content.replace("URL", "data:image/png;base64,AAEC"));
    assertThat(body.path("choices").path(0).path("message").path("content").asText())
        .isEqualTo("I see 1 images.");
    HttpResponse<String> refused =
        send(
            "/v1/chat/completions",
            FakeOllama.CAPABLE,
            content.replace("URL", "http://127.0.0.1:1/x.png"));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("this node fetches none");
  }

  // ---- completions, embeddings

  @Test
  void completion_isRaw_andASuffixIsFilledIn() throws Exception {
    JsonNode raw =
        post("/v1/completions", FakeOllama.CAPABLE, "\"prompt\":\"def f\",\"echo\":true");
    assertThat(raw.path("object").asText()).isEqualTo("text_completion");
    assertThat(raw.path("choices").path(0).path("text").asText()).isEqualTo("def fraw: def f");
    List<JsonNode> filled =
        events("/v1/completions", FakeOllama.CAPABLE, "\"prompt\":\"a\",\"suffix\":\"z\"");
    assertThat(
            filled.stream()
                .map(each -> each.path("choices").path(0).path("text").asText(""))
                .collect(Collectors.joining()))
        .isEqualTo("<middle of z>");
    assertThat(filled.get(filled.size() - 1).path("choices").path(0).path("finish_reason").asText())
        .isEqualTo("stop");
    assertThat(
            post(
                    "/api/generate",
                    FakeOllama.CAPABLE,
                    "\"prompt\":\"a\",\"suffix\":\"z\",\"stream\":false")
                .path("response")
                .asText())
        .isEqualTo("<middle of z>");
  }

  @Test
  void embeddings_areNumbers_orBase64OfTheSame() throws Exception {
    String input = "\"input\":[\"a\",\"b\"]";
    JsonNode numbers = post("/v1/embeddings", FakeOllama.EMBEDDER, input).path("data");
    assertThat(numbers).hasSize(2);
    JsonNode coded =
        post("/v1/embeddings", FakeOllama.EMBEDDER, input + ",\"encoding_format\":\"base64\"")
            .path("data");
    for (int i = 0; i < 2; i++) {
      ByteBuffer bytes =
          ByteBuffer.wrap(Base64.getDecoder().decode(coded.path(i).path("embedding").asText()))
              .order(ByteOrder.LITTLE_ENDIAN);
      for (JsonNode value : numbers.path(i).path("embedding")) {
        assertThat(bytes.getFloat()).isEqualTo((float) value.asDouble());
      }
      assertThat(bytes.remaining()).isZero();
    }
    JsonNode ollamas = post("/api/embed", FakeOllama.EMBEDDER, input);
    assertThat(ollamas.path("embeddings")).hasSize(2);
    assertThat(ollamas.path("prompt_eval_count").asInt()).isEqualTo(2);
    JsonNode older = post("/api/embeddings", FakeOllama.EMBEDDER, "\"prompt\":\"a\"");
    assertThat(older.path("embedding")).isEqualTo(ollamas.path("embeddings").path(0));
    HttpResponse<String> refused = send("/v1/embeddings", FakeOllama.MODEL, input);
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("cannot do this: embedding");
  }

  // ---- responses

  @Test
  void response_whole() throws Exception {
    JsonNode body =
        post(
            "/v1/responses",
            FakeOllama.MODEL,
            "\"input\":\"hi\",\"instructions\":\"be brief\",\"max_output_tokens\":50");
    assertThat(body.path("object").asText()).isEqualTo("response");
    assertThat(body.path("status").asText()).isEqualTo("completed");
    JsonNode message = body.path("output").path(0);
    assertThat(message.path("type").asText()).isEqualTo("message");
    assertThat(message.path("content").path(0).path("text").asText()).isEqualTo(ANSWER);
    assertThat(body.path("usage").path("output_tokens").asInt()).isEqualTo(5);
    assertThat(sent().path("messages").path(0).path("content").asText()).isEqualTo("be brief");
  }

  @Test
  void response_streamed_opensAndClosesEachItem_inOrder() throws Exception {
    List<JsonNode> events = events("/v1/responses", FakeOllama.THINKER, "\"input\":\"hi\"");
    List<String> types =
        events.stream().map(each -> each.path("type").asText()).distinct().toList();
    assertThat(types)
        .containsExactly(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.reasoning_text.delta",
            "response.reasoning_text.done",
            "response.output_item.done",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.completed");
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).path("sequence_number").asInt()).isEqualTo(i);
    }
    JsonNode last = events.get(events.size() - 1).path("response");
    assertThat(last.path("output")).hasSize(2);
    assertThat(last.path("output").path(1).path("content").path(0).path("text").asText())
        .isEqualTo(ANSWER);
  }

  @Test
  void response_callsFunctions_andReadsTheirOutput() throws Exception {
    String tool =
        ",\"tools\":[{\"type\":\"function\",\"name\":\"weather\",\"parameters\":{\"type\":\"object\"}},"
            + "{\"type\":\"web_search\"}]";
    List<JsonNode> events = events("/v1/responses", FakeOllama.CAPABLE, "\"input\":\"hi\"" + tool);
    JsonNode call =
        events.stream()
            .filter(each -> each.path("type").asText().equals("response.output_item.done"))
            .findFirst()
            .orElseThrow()
            .path("item");
    assertThat(call.path("type").asText()).isEqualTo("function_call");
    assertThat(call.path("name").asText()).isEqualTo("weather");
    assertThat(call.path("arguments").asText()).isEqualTo("{\"city\":\"Bern\"}");
    String input =
        "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"}]},"
            + call
            + ",{\"type\":\"function_call_output\",\"call_id\":\""
            + call.path("call_id").asText()
            + "\",\"output\":\"rain\"}]";
    JsonNode after = post("/v1/responses", FakeOllama.CAPABLE, input + tool);
    assertThat(after.path("output").path(0).path("content").path(0).path("text").asText())
        .isEqualTo(ANSWER);
    JsonNode messages = sent().path("messages");
    assertThat(messages.path(1).path("tool_calls")).hasSize(1);
    assertThat(messages.path(2).path("tool_name").asText()).isEqualTo("weather");
    assertThat(messages.path(2).path("content").asText()).isEqualTo("rain");
  }

  @Test
  void response_thatNeedsAMemory_isRefused() throws Exception {
    HttpResponse<String> refused =
        send("/v1/responses", FakeOllama.MODEL, "\"input\":\"hi\",\"previous_response_id\":\"x\"");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("keeps no conversations");
  }

  @Test
  void response_thatBreaks_saysSoInItsWay() throws Exception {
    ollama.fail(FakeOllama.MODEL, FakeServer.Fault.ERROR_MID_STREAM);
    List<JsonNode> events = events("/v1/responses", FakeOllama.MODEL, "\"input\":\"hi\"");
    JsonNode last = events.get(events.size() - 1);
    assertThat(last.path("type").asText()).isEqualTo("response.failed");
    assertThat(last.path("response").path("error").path("message").asText()).contains("broke off");
  }

  // ---- Ollama

  @Test
  void ollamaChat_hasToolsThoughtsAndOptions() throws Exception {
    JsonNode called = post("/api/chat", FakeOllama.CAPABLE, HI + "," + TOOL + ",\"stream\":false");
    JsonNode function = called.path("message").path("tool_calls").path(0).path("function");
    assertThat(function.path("name").asText()).isEqualTo("weather");
    assertThat(function.path("arguments").path("city").asText()).isEqualTo("Bern");
    List<JsonNode> lines = events("/api/chat", FakeOllama.CAPABLE, HI + "," + TOOL);
    assertThat(lines).anyMatch(each -> each.path("message").path("tool_calls").size() == 1);
    post(
        "/api/chat",
        FakeOllama.THINKER,
        HI
            + ",\"stream\":false,\"think\":false,\"options\":{\"top_k\":5,\"min_p\":0.1,"
            + "\"repeat_penalty\":1.1,\"num_ctx\":99999},\"keep_alive\":-1");
    assertThat(sent().path("think").asBoolean(true)).isFalse();
    assertThat(sent().path("options").path("top_k").asInt()).isEqualTo(5);
    assertThat(sent().path("options").path("num_ctx").asInt()).as("the owner's").isEqualTo(8_192);
  }

  @Test
  void show_saysWhatAModelCanDo() throws Exception {
    JsonNode shown = post("/api/show", FakeOllama.CAPABLE, "\"verbose\":false");
    assertThat(shown.path("capabilities"))
        .extracting(JsonNode::asText)
        .containsExactly("completion", "tools", "vision", "insert");
    assertThat(shown.path("template").asText()).contains(".Suffix");
  }

  private static HttpResponse<String> admin(String method, String path, String body)
      throws Exception {
    String token = Files.readString(directory.resolve("node/api.token")).strip();
    return LoneNode.send(
        lone.request(path, "content-type", "application/json", "authorization", "Bearer " + token)
            .method(method, HttpRequest.BodyPublishers.ofString(body)));
  }

  @Test
  void pullAndDelete_needTheToken_andShowTheirSteps() throws Exception {
    assertThat(send("/api/pull", "new:1b", "\"stream\":true").statusCode()).isEqualTo(401);
    HttpResponse<String> pulled = admin("POST", "/api/pull", "{\"model\":\"new:1b\"}");
    List<String> lines = pulled.body().lines().toList();
    assertThat(JSON.readTree(lines.get(0)).path("status").asText()).isEqualTo("pulling manifest");
    assertThat(lines).anyMatch(each -> each.contains("\"completed\":500"));
    assertThat(JSON.readTree(lines.get(lines.size() - 1)).path("status").asText())
        .isEqualTo("success");
    await()
        .until(
            () ->
                node.capability().models().stream().anyMatch(each -> each.name().equals("new:1b")));
    String missing = admin("POST", "/api/pull", "{\"model\":\"missing:1b\"}").body();
    assertThat(missing).contains("\"error\"").contains("file does not exist");
    HttpResponse<String> whole =
        admin("POST", "/api/pull", "{\"model\":\"missing:1b\",\"stream\":false}");
    assertThat(whole.statusCode()).isEqualTo(502);
    assertThat(admin("POST", "/swarm/v1/models/pull", "{\"model\":\"newer:1b\"}").body())
        .contains("success");

    assertThat(admin("DELETE", "/api/delete", "{\"model\":\"new:1b\"}").statusCode())
        .isEqualTo(200);
    HttpResponse<String> again = admin("DELETE", "/api/delete", "{\"model\":\"new:1b\"}");
    assertThat(again.statusCode()).isEqualTo(404);
    assertThat(again.body()).contains("new:1b").contains("not found");
    assertThat(admin("DELETE", "/api/delete", "{\"name\":\"newer:1b\"}").statusCode())
        .isEqualTo(200);
  }

  // ---- waiting

  @Test
  void slowAnswer_showsHeadersAtOnce_andWhoWorks() throws Exception {
    ollama.pace(new FakeOllama.Pace(Duration.ZERO, Duration.ofMillis(1_500), Duration.ZERO));
    HttpResponse<String> response =
        send("/v1/chat/completions", FakeOllama.MODEL, HI + ",\"stream\":true");
    assertThat(response.headers().firstValue("x-waggle-node")).contains(node.peerId().toString());
    assertThat(response.headers().firstValue("x-waggle-queue-ms").orElse("")).matches("[0-9]+");
    assertThat(response.body()).contains(": working\n\n").endsWith("data: [DONE]\n\n");
  }

  @Test
  void deadline_isKept() throws Exception {
    ollama.pace(new FakeOllama.Pace(Duration.ZERO, Duration.ofSeconds(1), Duration.ZERO));
    HttpResponse<String> late =
        send("/v1/chat/completions", FakeOllama.MODEL, HI, "x-waggle-deadline-ms", "300");
    assertThat(late.statusCode()).isEqualTo(504);
    assertThat(late.body()).contains("300 ms").contains("deadline_exceeded");
    await().until(() -> ollama.chatting() == 0);
  }

  @ParameterizedTest
  @CsvSource({
    "x-waggle-deadline-ms,soon,whole number",
    "x-waggle-deadline-ms,0,milliseconds",
    "x-waggle-priority,urgent,'low, normal or high'"
  })
  void wrongWishes_areNamed(String header, String value, String expected) throws Exception {
    HttpResponse<String> refused =
        send("/v1/chat/completions", FakeOllama.MODEL, HI, header, value);
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains(header).contains(expected);
  }

  @Test
  void fullNode_saysWhenToComeBack() throws Exception {
    ollama.pace(new FakeOllama.Pace(Duration.ZERO, Duration.ofMillis(300), Duration.ZERO));
    List<Thread> waiting = new ArrayList<>();
    for (int i = 0; i < 18; i++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  send("/v1/chat/completions", FakeOllama.MODEL, HI);
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      thread.setDaemon(true);
      thread.start();
      waiting.add(thread);
    }
    // The last part of the queue is for members that have nothing here.
    await().until(() -> node.capability().running() + node.capability().queued() == 14);
    HttpResponse<String> refused = send("/v1/chat/completions", FakeOllama.MODEL, HI);
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.headers().firstValueAsLong("retry-after").orElse(0)).isPositive();
    assertThat(JSON.readTree(refused.body()).path("error").path("eta_ms").asLong()).isPositive();
    for (Thread each : waiting) {
      each.join(15_000);
    }
    await().until(() -> node.capability().running() + node.capability().queued() == 0);
  }
}
