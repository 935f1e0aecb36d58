package dev.waggle.worker.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for an Ollama server on loopback: version, tags, ps, show, chat, generate, embed, pull
 * and delete as its API documentation has them. {@link #MODEL} answers at once, {@link #ENDLESS}
 * until its client goes away; any model can be told to fail or to be slow. A user who says "pattern
 * NAME COUNT" gets so many pieces that can be told from all others. One who says "clock COUNT" gets
 * so many that say when they were sent. A message of the assistant that comes last is gone on with.
 */
public final class FakeOllama extends FakeServer {
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

  /** Calls tools, looks at images and fills in. */
  public static final String CAPABLE = "capable:1b";

  /** What the models say, in pieces. */
  public static final List<String> ANSWER = List.of("one", " two", " three", " four", " five 🐝");

  /**
   * How fast models are.
   *
   * @param load of a model that is not in memory
   * @param prefill of each token of a prompt that is not known from the request before
   * @param decode of each piece
   */
  public record Pace(Duration load, Duration prefill, Duration decode) {
    static final Pace AT_ONCE = new Pace(Duration.ZERO, Duration.ZERO, Duration.ZERO);
  }

  private static final String NDJSON = "application/x-ndjson";
  private static final Duration PAUSE_MAX = Duration.ofMinutes(1);

  private final Queue<JsonNode> loads = new ConcurrentLinkedQueue<>();
  private final Set<String> endsSoon = ConcurrentHashMap.newKeySet();
  private final Queue<JsonNode> chats = new ConcurrentLinkedQueue<>();
  private volatile int pauseAt = Integer.MAX_VALUE;
  private volatile CountDownLatch going = new CountDownLatch(1);
  private volatile CountDownLatch healed = new CountDownLatch(1);
  private final AtomicInteger pulling = new AtomicInteger();
  private volatile Duration pullStep = Duration.ZERO;
  private volatile boolean pullHangs;
  private volatile boolean waggle;
  private volatile boolean little;
  private volatile @Nullable FakeModelStore store;
  private volatile boolean forgetful;
  private final Map<String, FakeModel> models = new ConcurrentHashMap<>(FakeModel.all());
  private final Set<String> loaded = ConcurrentHashMap.newKeySet();
  private final Map<String, String> read = new ConcurrentHashMap<>();
  private final Map<String, Semaphore> slots = new ConcurrentHashMap<>();
  private volatile Pace pace = Pace.AT_ONCE;
  private volatile int parallel = Integer.MAX_VALUE;

  /** Starts one on a free loopback port. */
  public FakeOllama() throws IOException {
    this(0);
  }

  /** Starts one on a loopback port. */
  public FakeOllama(int port) throws IOException {
    this(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /** Starts one at an address. */
  public FakeOllama(InetSocketAddress at) throws IOException {
    super(at, "fake-ollama");
    serve("/api/version", exchange -> answer(exchange, version()));
    serve("/api/tags", exchange -> answer(exchange, tags()));
    serve("/api/ps", exchange -> answer(exchange, little ? 404 : 200, running()));
    serve("/api/show", this::show);
    serve("/api/chat", this::chat);
    serve("/api/blobs/", this::blob);
    serve("/api/create", this::create);
    serve("/api/generate", this::chat);
    serve("/api/embed", this::embed);
    serve("/api/pull", this::pull);
    serve("/api/delete", this::delete);
    loaded.add(MODEL);
    start();
  }

  /** Its address. */
  public URI address() {
    InetSocketAddress at = listensAt();
    return URI.create("http://" + at.getAddress().getHostAddress() + ":" + at.getPort());
  }

  /** Makes all models as fast as that. */
  public void pace(Pace now) {
    pace = now;
  }

  /** Makes answers wait after so many pieces, until {@link #goOn}. */
  public void pauseAt(int pieces) {
    going = new CountDownLatch(1);
    pauseAt = pieces;
  }

  /** Lets answers that wait go on, and others not wait. */
  public void goOn() {
    pauseAt = Integer.MAX_VALUE;
    going.countDown();
  }

  /** Lets so many requests of one model run at once; the others wait, without bound. */
  public void parallel(int requests) {
    parallel = requests;
    slots.clear();
  }

  /** Makes all models work again, and ends what hangs. */
  public void heal() {
    forgetFaults();
    pullHangs = false;
    CountDownLatch hanging = healed;
    healed = new CountDownLatch(1);
    hanging.countDown();
  }

  /** Makes it answer from the beginning, whatever the last message is. */
  public void forgetPrefixes() {
    forgetful = true;
  }

  /** Makes pulls take a second. */
  public void pullSlowly() {
    pullStep = Duration.ofMillis(350);
  }

  /** Makes pulls stop after their first bytes, until it is healed. */
  public void pullWithoutEnd() {
    pullHangs = true;
  }

  /** Pulls that run now. */
  public int pulling() {
    return pulling.get();
  }

  /** Whether it has a model. */
  public boolean has(String model) {
    return models.containsKey(model);
  }

  /** Makes it say that it is a Waggle node. */
  public void pretendToBeWaggle() {
    waggle = true;
  }

  /** Makes it have the models of a store, too, and put there what it is told over its API. */
  public void use(FakeModelStore models) {
    store = models;
  }

  /** Makes it answer only version, tags and chat, as imitations of Ollama do. */
  public void speakLittle() {
    little = true;
  }

  /** The chat requests so far. */
  public List<JsonNode> chats() {
    return List.copyOf(chats);
  }

  /** The requests so far that were only to have a model in memory. */
  public List<JsonNode> loads() {
    return List.copyOf(loads);
  }

  /** Has no model in memory any more. */
  public void unloadAll() {
    loaded.clear();
    read.clear();
  }

  /** Shows a model that is in memory as one that leaves it in a moment. */
  public void endSoon(String model) {
    endsSoon.add(model);
  }

  private JsonNode version() {
    ObjectNode version = JSON.createObjectNode().put("version", "0.12.6");
    return waggle ? version.put("waggle", "0.1.0") : version;
  }

  private JsonNode tags() throws IOException {
    ObjectNode tags = JSON.createObjectNode();
    ArrayNode listed = tags.putArray("models");
    for (String name : models.keySet().stream().sorted().toList()) {
      ObjectNode model = listed.addObject();
      model.put("name", name).put("model", name).put("modified_at", "2026-11-01T10:00:00.5+01:00");
      model.put("size", 1_234_567_890L).put("digest", digest(name));
      details(model);
      if (name.equals(REMOTE)) {
        model.put("remote_model", "huge").put("remote_host", "https://ollama.com");
      }
    }
    if (store != null) {
      store
          .models()
          .forEach(
              (name, digest) ->
                  details(
                      listed
                          .addObject()
                          .put("name", name)
                          .put("model", name)
                          .put("size", 1_000)
                          .put("digest", digest.substring(digest.indexOf(':') + 1))));
    }
    return tags;
  }

  /** What {@code /api/tags} says of a model. */
  public static String digest(String name) {
    return String.format("%08x", name.hashCode()).repeat(8);
  }

  /** The vector of a text. */
  public static double[] vectorOf(String text) {
    return FakeModel.vector(text);
  }

  private static void details(ObjectNode model) {
    ObjectNode details = model.putObject("details");
    details.put("parent_model", "").put("format", "gguf").put("family", "llama");
    details.putArray("families").add("llama");
    // Nobody who asks for any model means one that never ends.
    boolean endless = model.path("name").asText().equals(ENDLESS);
    details.put("parameter_size", endless ? "0.5B" : "1.2B").put("quantization_level", "Q4_K_M");
  }

  private JsonNode running() {
    ObjectNode ps = JSON.createObjectNode();
    ArrayNode all = ps.putArray("models");
    for (String name : loaded) {
      ObjectNode model = all.addObject();
      model.put("name", name).put("model", name).put("size", 2_000_000_000L);
      model.put("digest", digest(name));
      model.put(
          "expires_at",
          endsSoon.contains(name)
              ? Instant.now().plusSeconds(5).toString()
              : "2318-11-01T10:00:00.5Z");
      model.put("size_vram", 2_000_000_000L).put("context_length", 4_096);
      details(model);
    }
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
        .put("llama.context_length", 32_768);
    ArrayNode capabilities = show.putArray("capabilities");
    FakeModel model = models.get(name);
    if (model != null) {
      model.capabilities().forEach(capabilities::add);
    } else if (store != null) {
      capabilities.add("completion");
    }
    answer(exchange, show);
  }

  private void blob(HttpExchange exchange) throws IOException {
    String digest = exchange.getRequestURI().getPath().substring("/api/blobs/".length());
    FakeModelStore models = store;
    if (models == null) {
      answer(exchange, 404, error("not found"));
    } else if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(Files.exists(models.blob(digest)) ? 200 : 404, -1);
      exchange.close();
    } else {
      boolean right = models.put(exchange.getRequestBody().readAllBytes()).equals(digest);
      exchange.sendResponseHeaders(right ? 201 : 400, -1);
      exchange.close();
    }
  }

  private void create(HttpExchange exchange) throws IOException {
    FakeModelStore models = store;
    if (models == null) {
      answer(exchange, 404, error("not found"));
      return;
    }
    models.create(JSON.readTree(exchange.getRequestBody()));
    answer(exchange, JSON.createObjectNode().put("status", "success"));
  }

  private static void answer(HttpExchange exchange, JsonNode body) throws IOException {
    answer(exchange, 200, body);
  }

  private void chat(HttpExchange exchange) throws IOException {
    JsonNode request = JSON.readTree(exchange.getRequestBody());
    if (exchange.getRequestURI().getPath().endsWith("generate") && !request.has("prompt")) {
      load(exchange, request);
      return;
    }
    chats.add(request);
    String model = request.path("model").asText();
    @Nullable Fault fault = fault(model);
    FakeModel known = models.get(model);
    if (known == null || model.equals(REMOTE)) {
      answer(exchange, 404, error("model '" + model + "' not found"));
    } else if (!known.can("completion")) {
      answer(exchange, 400, error("\"" + model + "\" does not support chat"));
    } else if (request.path("tools").size() > 0 && !known.can("tools")) {
      answer(exchange, 400, error(model + " does not support tools"));
    } else if (request.has("suffix") && !known.can("insert")) {
      answer(exchange, 400, error(model + " does not support insert"));
    } else if (fault == Fault.OVERLOADED) {
      answer(exchange, 503, error("server busy, please try again.  maximum pending requests"));
    } else if (fault == Fault.BAD_REQUEST) {
      answer(exchange, 400, error("this model cannot do that"));
    } else {
      boolean inMessages = exchange.getRequestURI().getPath().endsWith("chat");
      stream(exchange, NDJSON, out -> stream(out, known, request, fault, inMessages));
    }
  }

  private void load(HttpExchange exchange, JsonNode request) throws IOException {
    String model = request.path("model").asText();
    if (!models.containsKey(model)) {
      answer(exchange, 404, error("model '" + model + "' not found"));
      return;
    }
    loads.add(request);
    loaded.add(model);
    if (request.has("keep_alive")) {
      endsSoon.remove(model);
    }
    answer(
        exchange,
        JSON.createObjectNode()
            .put("model", model)
            .put("response", "")
            .put("done", true)
            .put("done_reason", "load"));
  }

  private static ObjectNode error(String message) {
    return JSON.createObjectNode().put("error", message);
  }

  private void stream(
      OutputStream out, FakeModel model, JsonNode request, @Nullable Fault fault, boolean chat)
      throws IOException, InterruptedException {
    if (fault == Fault.SILENCE) {
      healed.await();
      return;
    }
    Semaphore slot = slots.computeIfAbsent(model.name(), name -> new Semaphore(parallel));
    slot.acquire();
    try {
      answer(out, model, request, fault, chat);
    } finally {
      slot.release();
    }
  }

  private void answer(
      OutputStream out, FakeModel model, JsonNode request, @Nullable Fault fault, boolean chat)
      throws IOException, InterruptedException {
    Pace now = pace;
    long loading = loaded.add(model.name()) ? now.load().toNanos() : 0;
    pause(loading);
    String prompt = FakeModel.prompt(request);
    int tokens = Math.max(1, prompt.length() / CHARACTERS_PER_TOKEN);
    int known = common(read.getOrDefault(model.name(), ""), prompt) / CHARACTERS_PER_TOKEN;
    long reading = now.prefill().toNanos() * Math.max(1, tokens - known);
    pause(reading);
    StringBuilder answered = new StringBuilder();
    long begun = System.nanoTime();
    Part part = new Part(model.name(), chat);
    if (model.can("thinking") && !request.path("think").asText().equals("false")) {
      line(out, part.of("", "let me count"));
    }
    List<ObjectNode> calls = FakeModel.calls(request);
    for (ObjectNode call : calls) {
      ObjectNode line = part.of("", "");
      ((ObjectNode) line.path("message")).putArray("tool_calls").add(call);
      line(out, line);
    }
    Iterator<String> pieces =
        calls.isEmpty() ? model.answer(request, forgetful) : List.<String>of().iterator();
    int most = request.path("options").path("num_predict").asInt(Integer.MAX_VALUE);
    int said = 0;
    long due = System.nanoTime();
    while (pieces.hasNext() && said < most && closed.getCount() > 0) {
      if (said == PIECES_BEFORE_FAULT && fault != null) {
        fail(out, fault);
        return;
      }
      if (said == pauseAt) {
        going.await(PAUSE_MAX.toSeconds(), TimeUnit.SECONDS);
      }
      // A graphics card keeps its pace, however late this thread wakes up.
      due = Math.max(due + now.decode().toNanos(), System.nanoTime());
      pause(due - System.nanoTime());
      String piece = pieces.next();
      ObjectNode line = part.of(piece, "");
      if (request.path("logprobs").asBoolean()) {
        line.putArray("logprobs")
            .add(FakeModel.logprob(piece, request.path("top_logprobs").asInt()));
      }
      line(out, line);
      answered.append(piece);
      said++;
      if (model.name().equals(ENDLESS) && said >= ANSWER.size()) {
        closed.await(TICK_MS, TimeUnit.MILLISECONDS);
      }
    }
    read.put(model.name(), prompt + "assistant " + answered);
    ObjectNode last = part.of("", "");
    last.put("done", true).put("done_reason", pieces.hasNext() ? "length" : "stop");
    last.put("total_duration", 9_000_000L).put("load_duration", Math.max(1_000_000L, loading));
    last.put("prompt_eval_count", tokens)
        .put("prompt_eval_duration", Math.max(3_000_000L, reading));
    last.put("eval_count", said);
    last.put("eval_duration", Math.max(5_000_000L, System.nanoTime() - begun));
    line(out, last);
    out.close();
  }

  private static int common(String one, String other) {
    int most = Math.min(one.length(), other.length());
    int common = 0;
    while (common < most && one.charAt(common) == other.charAt(common)) {
      common++;
    }
    return common;
  }

  private void pause(long nanos) throws InterruptedException {
    if (nanos > 0) {
      closed.await(nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void embed(HttpExchange exchange) throws IOException {
    JsonNode request = JSON.readTree(exchange.getRequestBody());
    FakeModel model = models.get(request.path("model").asText());
    if (model == null || !model.can("embedding")) {
      answer(exchange, 400, error("this model does not support embeddings"));
      return;
    }
    ObjectNode body = JSON.createObjectNode().put("model", model.name());
    ArrayNode all = body.putArray("embeddings");
    int tokens = 0;
    for (JsonNode input : request.path("input")) {
      ArrayNode vector = all.addArray();
      for (double value : FakeModel.vector(input.asText())) {
        vector.add(value);
      }
      tokens += Math.max(1, input.asText().length() / CHARACTERS_PER_TOKEN);
    }
    body.put("total_duration", 2_000_000L).put("load_duration", 1_000_000L);
    answer(exchange, body.put("prompt_eval_count", tokens));
  }

  /** Every name that the registry has is pulled in three steps; of others it says so. */
  private void pull(HttpExchange exchange) throws IOException {
    JsonNode request = JSON.readTree(exchange.getRequestBody());
    String name = request.path("model").asText(request.path("name").asText());
    exchange.getResponseHeaders().set("content-type", NDJSON);
    exchange.sendResponseHeaders(200, 0);
    pulling.incrementAndGet();
    try (OutputStream out = exchange.getResponseBody()) {
      line(out, JSON.createObjectNode().put("status", "pulling manifest"));
      if (name.startsWith("missing")) {
        line(out, error("pull model manifest: file does not exist"));
        return;
      }
      for (long done : new long[] {0, 500, 1_000}) {
        ObjectNode step = JSON.createObjectNode().put("status", "pulling 0123456789ab");
        line(out, step.put("digest", "sha256:01").put("total", 1_000).put("completed", done));
        pause(pullStep.toNanos());
        while (pullHangs && done > 0 && closed.getCount() > 0) {
          // As Ollama does, it says the same again.
          line(out, step);
          pause(TimeUnit.MILLISECONDS.toNanos(TICK_MS));
        }
      }
      models.put(name, new FakeModel(name, "completion"));
      line(out, JSON.createObjectNode().put("status", "success"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      pulling.decrementAndGet();
    }
  }

  private void delete(HttpExchange exchange) throws IOException {
    JsonNode request = JSON.readTree(exchange.getRequestBody());
    String name = request.path("model").asText(request.path("name").asText());
    if (models.remove(name) == null) {
      answer(exchange, 404, error("model '" + name + "' not found"));
    } else {
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    }
  }

  private void fail(OutputStream out, Fault fault) throws IOException, InterruptedException {
    switch (fault) {
      case ERROR_MID_STREAM -> line(out, error("an error was encountered while running the model"));
      case GARBAGE -> say(out, "<html>\n");
      case STALL -> healed.await();
      case CUT_STREAM -> out.flush();
      default -> throw new AssertionError("handled before");
    }
  }

  /** Lines of one answer. */
  private record Part(String model, boolean chat) {
    ObjectNode of(String content, String thinking) {
      ObjectNode part = JSON.createObjectNode().put("model", model);
      part.put("created_at", "2026-11-01T10:00:00.123456Z");
      ObjectNode holder = chat ? part.putObject("message").put("role", "assistant") : part;
      holder.put(chat ? "content" : "response", content);
      if (!thinking.isEmpty()) {
        holder.put("thinking", thinking);
      }
      return part.put("done", false);
    }
  }

  private static void line(OutputStream out, JsonNode part) throws IOException {
    say(out, part + "\n");
  }

  @Override
  public void close() {
    heal();
    super.close();
  }
}
