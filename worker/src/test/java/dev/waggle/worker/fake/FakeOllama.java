package dev.waggle.worker.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands in for an Ollama server on loopback: version, tags, ps, show and chat as its API
 * documentation has them. {@link #MODEL} answers at once, {@link #ENDLESS} until its client goes
 * away; any model can be told to fail.
 */
public final class FakeOllama implements AutoCloseable {
  /** Says {@link #ANSWER}. */
  public static final String MODEL = "fake:1b";

  /** Thinks first, then says {@link #ANSWER}. */
  public static final String THINKER = "thinker:1b";

  /** Says "tick" fifty times a second for as long as somebody listens. */
  public static final String ENDLESS = "endless:1b";

  /** Leaves the machine. */
  public static final String REMOTE = "remote:1b";

  /** Only embeds. */
  public static final String EMBEDDER = "embedder:1b";

  /** What the models say, in pieces. */
  public static final List<String> ANSWER = List.of("one", " two", " three", " four", " five 🐝");

  /** How a chat can go wrong. */
  public enum Fault {
    /** 503 before anything else. */
    OVERLOADED,
    /** 400 before anything else. */
    BAD_REQUEST,
    /** An error line after two pieces. */
    ERROR_MID_STREAM,
    /** The stream ends after two pieces, without {@code done}. */
    CUT_STREAM,
    /** Nothing more comes after two pieces, and the stream stays open. */
    STALL,
    /** Nothing comes at all, and the stream stays open. */
    SILENCE,
    /** A line that is no JSON. */
    GARBAGE
  }

  private static final int PIECES_BEFORE_FAULT = 2;
  private static final long TICK_MS = 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  static {
    // Without it every small write waits for the other side's delayed acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool(FakeOllama::daemon);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Map<String, Fault> faults = new ConcurrentHashMap<>();
  private final AtomicInteger chatting = new AtomicInteger();
  private final AtomicInteger abandoned = new AtomicInteger();
  private final List<JsonNode> chats = new CopyOnWriteArrayList<>();
  private volatile CountDownLatch healed = new CountDownLatch(1);
  private volatile boolean waggle;
  private volatile boolean little;

  /** Starts one on a free loopback port. */
  public FakeOllama() throws IOException {
    this(0);
  }

  /** Starts one on a loopback port. */
  public FakeOllama(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(threads);
    server.createContext("/api/version", exchange -> answer(exchange, version()));
    server.createContext("/api/tags", exchange -> answer(exchange, tags()));
    server.createContext("/api/ps", exchange -> answer(exchange, little ? 404 : 200, running()));
    server.createContext("/api/show", this::show);
    server.createContext("/api/chat", this::chat);
    server.start();
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "fake-ollama");
    thread.setDaemon(true);
    return thread;
  }

  /** Its address. */
  public URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Makes a model's chats fail from now on. */
  public void fail(String model, Fault fault) {
    faults.put(model, fault);
  }

  /** Makes all models work again, and ends what hangs. */
  public void heal() {
    faults.clear();
    CountDownLatch hanging = healed;
    healed = new CountDownLatch(1);
    hanging.countDown();
  }

  /** Makes it say that it is a Waggle node. */
  public void pretendToBeWaggle() {
    waggle = true;
  }

  /** Makes it answer only version, tags and chat, as imitations of Ollama do. */
  public void speakLittle() {
    little = true;
  }

  /** Chats that run now. */
  public int chatting() {
    return chatting.get();
  }

  /** Chats whose client went away before the end. */
  public int abandoned() {
    return abandoned.get();
  }

  /** The chat requests so far. */
  public List<JsonNode> chats() {
    return chats;
  }

  private JsonNode version() {
    ObjectNode version = JSON.createObjectNode().put("version", "0.12.6");
    return waggle ? version.put("waggle", "0.1.0") : version;
  }

  private static JsonNode tags() {
    ObjectNode tags = JSON.createObjectNode();
    ArrayNode models = tags.putArray("models");
    for (String name : List.of(MODEL, THINKER, ENDLESS, REMOTE, EMBEDDER)) {
      ObjectNode model = models.addObject();
      model.put("name", name).put("model", name).put("modified_at", "2026-11-01T10:00:00.5+01:00");
      model.put("size", 1_234_567_890L).put("digest", digest(name));
      details(model);
      if (name.equals(REMOTE)) {
        model.put("remote_model", "huge").put("remote_host", "https://ollama.com");
      }
    }
    return tags;
  }

  /** What {@code /api/tags} says of a model. */
  public static String digest(String name) {
    return String.format("%08x", name.hashCode()).repeat(8);
  }

  private static void details(ObjectNode model) {
    ObjectNode details = model.putObject("details");
    details.put("parent_model", "").put("format", "gguf").put("family", "llama");
    details.putArray("families").add("llama");
    details.put("parameter_size", "1.2B").put("quantization_level", "Q4_K_M");
  }

  private static JsonNode running() {
    ObjectNode ps = JSON.createObjectNode();
    ObjectNode model = ps.putArray("models").addObject();
    model.put("name", MODEL).put("model", MODEL).put("size", 2_000_000_000L);
    model.put("digest", digest(MODEL)).put("expires_at", "2318-11-01T10:00:00.5Z");
    model.put("size_vram", 2_000_000_000L).put("context_length", 4_096);
    details(model);
    return ps;
  }

  private void show(HttpExchange exchange) throws IOException {
    JsonNode request = JSON.readTree(exchange.getRequestBody());
    if (little) {
      answer(exchange, 404, error("not found"));
      return;
    }
    String name = request.path("model").asText(request.path("name").asText());
    ObjectNode show = JSON.createObjectNode();
    show.put("license", "none").put("modelfile", "FROM x").put("template", "{{ .Prompt }}");
    details(show);
    show.putObject("model_info")
        .put("general.architecture", "llama")
        .put("llama.context_length", 8);
    show.putArray("capabilities").add(name.equals(EMBEDDER) ? "embedding" : "completion");
    answer(exchange, show);
  }

  private static void answer(HttpExchange exchange, JsonNode body) throws IOException {
    answer(exchange, 200, body);
  }

  private static void answer(HttpExchange exchange, int status, JsonNode body) throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(body);
    exchange.getResponseHeaders().set("content-type", "application/json; charset=utf-8");
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
    exchange.close();
  }

  private void chat(HttpExchange exchange) throws IOException {
    JsonNode request = JSON.readTree(exchange.getRequestBody());
    chats.add(request);
    String model = request.path("model").asText();
    Fault fault = faults.get(model);
    if (!List.of(MODEL, THINKER, ENDLESS).contains(model)) {
      answer(exchange, 404, error("model '" + model + "' not found"));
    } else if (fault == Fault.OVERLOADED) {
      answer(exchange, 503, error("server busy, please try again.  maximum pending requests"));
    } else if (fault == Fault.BAD_REQUEST) {
      answer(exchange, 400, error("this model cannot do that"));
    } else {
      chatting.incrementAndGet();
      try {
        stream(exchange, model, fault);
      } catch (IOException e) {
        abandoned.incrementAndGet();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        chatting.decrementAndGet();
        exchange.close();
      }
    }
  }

  private static ObjectNode error(String message) {
    return JSON.createObjectNode().put("error", message);
  }

  private void stream(
      HttpExchange exchange, String model, @org.jspecify.annotations.Nullable Fault fault)
      throws IOException, InterruptedException {
    exchange.getResponseHeaders().set("content-type", "application/x-ndjson");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    if (fault == Fault.SILENCE) {
      out.flush();
      healed.await();
      return;
    }
    if (model.equals(THINKER)) {
      line(out, part(model, "", "let me count"));
    }
    int said = 0;
    for (String piece : ANSWER) {
      if (said++ == PIECES_BEFORE_FAULT && fault != null) {
        fail(out, fault);
        return;
      }
      line(out, part(model, piece, ""));
    }
    while (model.equals(ENDLESS) && !closed.await(TICK_MS, TimeUnit.MILLISECONDS)) {
      line(out, part(model, " tick", ""));
    }
    ObjectNode last = part(model, "", "");
    last.put("done", true).put("done_reason", "stop").put("total_duration", 9_000_000L);
    last.put("load_duration", 1_000_000L).put("prompt_eval_count", 11);
    last.put("prompt_eval_duration", 3_000_000L).put("eval_count", ANSWER.size());
    last.put("eval_duration", 5_000_000L);
    line(out, last);
    out.close();
  }

  private void fail(OutputStream out, Fault fault) throws IOException, InterruptedException {
    switch (fault) {
      case ERROR_MID_STREAM -> line(out, error("an error was encountered while running the model"));
      case GARBAGE -> {
        out.write("<html>\n".getBytes(StandardCharsets.UTF_8));
        out.flush();
      }
      case STALL -> healed.await();
      case CUT_STREAM -> out.flush();
      default -> throw new AssertionError("handled before");
    }
  }

  private static ObjectNode part(String model, String content, String thinking) {
    ObjectNode part = JSON.createObjectNode().put("model", model);
    part.put("created_at", "2026-11-01T10:00:00.123456Z");
    ObjectNode message = part.putObject("message").put("role", "assistant");
    message.put("content", content);
    if (!thinking.isEmpty()) {
      message.put("thinking", thinking);
    }
    return part.put("done", false);
  }

  private static void line(OutputStream out, JsonNode part) throws IOException {
    out.write((part + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public void close() {
    closed.countDown();
    heal();
    server.stop(0);
    threads.shutdownNow();
  }
}
