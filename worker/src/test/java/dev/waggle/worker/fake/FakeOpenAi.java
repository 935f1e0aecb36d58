package dev.waggle.worker.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for a server of OpenAI's API on loopback, such as llama-server: models, streamed chats
 * and completions, and embeddings. Its models are those of {@link FakeOllama}, say the same and
 * fail in the same ways.
 */
public final class FakeOpenAi extends FakeServer {
  /** How much its models read at once, in tokens. */
  public static final int CONTEXT_TOKENS = 16_384;

  /** How large its models are, in parameters. */
  public static final long PARAMETERS = 1_235_814_432L;

  private final Map<String, FakeModel> models = FakeModel.all();
  private final Queue<JsonNode> requests = new ConcurrentLinkedQueue<>();
  private volatile Optional<String> key = Optional.empty();
  private volatile String owner = "llamacpp";
  private volatile boolean meta = true;
  private volatile boolean errorField;

  /** Starts one on a free loopback port. */
  public FakeOpenAi() throws IOException {
    super(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), "fake-openai");
    serve("/v1/models", exchange -> answer(exchange, 200, list()));
    serve("/v1/chat/completions", this::complete);
    serve("/v1/completions", this::complete);
    serve("/v1/embeddings", this::embed);
    start();
  }

  @Override
  void serve(String path, HttpHandler handler) {
    super.serve(
        path,
        exchange -> {
          String shown = exchange.getRequestHeaders().getFirst("authorization");
          if (key.isPresent() && !("Bearer " + key.get()).equals(shown)) {
            // As OpenAI does, it repeats what it was shown.
            answer(exchange, 401, error("Incorrect API key provided: " + shown, "invalid_api_key"));
          } else {
            handler.handle(exchange);
          }
        });
  }

  /** Its address, with the path that all others begin with. */
  public URI address() {
    return URI.create("http://127.0.0.1:" + listensAt().getPort() + "/v1");
  }

  /** Makes it answer only those who show a key. */
  public void require(String wanted) {
    key = Optional.of(wanted);
  }

  /** Makes it list its models as a Waggle node does. */
  public void pretendToBeWaggle() {
    owner = "waggle";
  }

  /** Makes it say of its models what vLLM says: the context and no sizes. */
  public void pretendToBeVllm() {
    owner = "vllm";
    meta = false;
  }

  /**
   * Makes it say errors amid answers as older releases of llama-server do: in a field of their own.
   */
  public void sayErrorsInTheirOwnField() {
    errorField = true;
  }

  /** The bodies of the requests so far. */
  public List<JsonNode> requests() {
    return List.copyOf(requests);
  }

  private JsonNode list() {
    ObjectNode list = JSON.createObjectNode().put("object", "list");
    ArrayNode data = list.putArray("data");
    for (String name : models.keySet()) {
      ObjectNode model = data.addObject().put("id", name).put("object", "model");
      model.put("created", 1_761_990_000L).put("owned_by", owner);
      if (meta) {
        model
            .putObject("meta")
            .put("vocab_type", 2)
            .put("n_vocab", 128_256)
            .put("n_ctx_train", 131_072)
            .put("n_ctx", CONTEXT_TOKENS)
            .put("n_embd", 2_048)
            .put("n_params", PARAMETERS)
            .put("size", 799_862_912L);
      } else {
        model.put("max_model_len", CONTEXT_TOKENS);
      }
    }
    return list;
  }

  private static ObjectNode error(String message, String code) {
    ObjectNode body = JSON.createObjectNode();
    body.putObject("error")
        .put("message", message)
        .put("type", "invalid_request_error")
        .putNull("param")
        .put("code", code);
    return body;
  }

  private void complete(HttpExchange exchange) throws IOException {
    JsonNode request = JSON.readTree(exchange.getRequestBody());
    requests.add(request);
    String name = request.path("model").asText();
    FakeModel model = models.get(name);
    @Nullable Fault fault = fault(name);
    if (model == null) {
      answer(exchange, 404, error("The model `" + name + "` does not exist.", "model_not_found"));
    } else if (!model.can("completion") || !request.path("stream").asBoolean()) {
      answer(exchange, 400, error("this server cannot answer that", "invalid_value"));
    } else if (fault == Fault.OVERLOADED) {
      answer(exchange, 503, error("Loading model", "unavailable_error"));
    } else if (fault == Fault.BAD_REQUEST) {
      answer(exchange, 400, error("this model cannot do that", "invalid_value"));
    } else {
      boolean chat = exchange.getRequestURI().getPath().endsWith("/chat/completions");
      stream(exchange, "text/event-stream", out -> stream(out, model, request, fault, chat));
    }
  }

  private void stream(
      OutputStream out, FakeModel model, JsonNode request, @Nullable Fault fault, boolean chat)
      throws IOException, InterruptedException {
    if (fault == Fault.SILENCE) {
      closed.await();
      return;
    }
    FakeOpenAiEvents events = new FakeOpenAiEvents(model.name(), chat);
    line(out, ": a comment, which keeps connections open");
    if (chat) {
      event(out, events.role());
    }
    JsonNode script = FakeOpenAiEvents.script(request);
    if (model.can("thinking") && !request.path("reasoning_effort").asText().equals("none")) {
      event(out, events.thinking("let me count"));
    }
    List<ObjectNode> calls = model.can("tools") ? FakeModel.calls(script) : List.of();
    for (JsonNode part : events.calls(calls)) {
      event(out, part);
    }
    Iterator<String> pieces =
        calls.isEmpty() ? model.answer(script, true) : List.<String>of().iterator();
    int most = request.path("max_tokens").asInt(Integer.MAX_VALUE);
    int said = 0;
    while (pieces.hasNext() && said < most && closed.getCount() > 0) {
      if (said == PIECES_BEFORE_FAULT && fault != null) {
        fail(out, fault);
        return;
      }
      event(out, events.text(pieces.next(), request));
      said++;
      if (model.name().equals(FakeOllama.ENDLESS) && said >= FakeOllama.ANSWER.size()) {
        closed.await(TICK_MS, TimeUnit.MILLISECONDS);
      }
    }
    String stopped = calls.isEmpty() ? "stop" : "tool_calls";
    event(out, events.finish(pieces.hasNext() ? "length" : stopped));
    if (request.path("stream_options").path("include_usage").asBoolean()) {
      int tokens = Math.max(1, FakeModel.prompt(script).length() / CHARACTERS_PER_TOKEN);
      event(out, events.usage(tokens, said));
    }
    line(out, "data: [DONE]");
    out.close();
  }

  private void fail(OutputStream out, Fault fault) throws IOException, InterruptedException {
    switch (fault) {
      case ERROR_MID_STREAM -> {
        JsonNode error = error("an error was encountered while running the model", "server_error");
        line(out, errorField ? "error: " + error.path("error") : "data: " + error);
      }
      case GARBAGE -> line(out, "data: <html>");
      case STALL -> closed.await();
      case CUT_STREAM -> out.flush();
      default -> throw new AssertionError("handled before");
    }
  }

  private static void event(OutputStream out, JsonNode event) throws IOException {
    line(out, "data: " + event);
  }

  private static void line(OutputStream out, String line) throws IOException {
    say(out, line + "\n\n");
  }

  /** The vectors come in no order; each says whose it is. */
  private void embed(HttpExchange exchange) throws IOException {
    JsonNode request = JSON.readTree(exchange.getRequestBody());
    requests.add(request);
    FakeModel model = models.get(request.path("model").asText());
    if (model == null || !model.can("embedding")) {
      answer(exchange, 400, error("this model does not support embeddings", "invalid_value"));
      return;
    }
    ObjectNode body = JSON.createObjectNode().put("object", "list").put("model", model.name());
    ArrayNode data = body.putArray("data");
    int tokens = 0;
    for (int i = request.path("input").size() - 1; i >= 0; i--) {
      String input = request.path("input").path(i).asText();
      ArrayNode vector =
          data.addObject().put("object", "embedding").put("index", i).putArray("embedding");
      for (double value : FakeModel.vector(input)) {
        vector.add(value);
      }
      tokens += Math.max(1, input.length() / CHARACTERS_PER_TOKEN);
    }
    body.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    answer(exchange, 200, body);
  }
}
