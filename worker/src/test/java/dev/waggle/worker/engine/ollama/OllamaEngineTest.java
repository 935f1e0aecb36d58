package dev.waggle.worker.engine.ollama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Tool;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.engine.Patience;
import dev.waggle.worker.engine.ServerCompliance;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer;
import dev.waggle.worker.fake.FakeServer.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OllamaEngineTest extends ServerCompliance {
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private FakeOllama ollama;
  private OllamaEngine engine;

  @BeforeEach
  void start() throws IOException {
    ollama = new FakeOllama();
    engine = new OllamaEngine(ollama.address(), 8_192, PATIENCE, timer);
  }

  @AfterEach
  void stop() {
    engine.close();
    ollama.close();
    timer.shutdownNow();
  }

  @Override
  protected Engine engine() {
    return engine;
  }

  @Override
  protected FakeServer server() {
    return ollama;
  }

  @Override
  protected Engine engine(Patience patience) {
    return new OllamaEngine(ollama.address(), 8_192, patience, timer);
  }

  @Override
  protected String overloaded() {
    return "server busy";
  }

  @Test
  void models_leaveOutWhatLeavesTheMachine_andSayWhatEachCanDo() throws Exception {
    assertThat(engine.models())
        .extracting(ModelOffer::name)
        .containsExactlyInAnyOrder(
            FakeOllama.MODEL,
            FakeOllama.THINKER,
            FakeOllama.ENDLESS,
            FakeOllama.EMBEDDER,
            FakeOllama.CAPABLE);
    assertThat(offer(FakeOllama.MODEL).loaded()).isTrue();
    assertThat(offer(FakeOllama.THINKER).loaded()).isFalse();
    assertThat(offer(FakeOllama.MODEL).digest())
        .isEqualTo("sha256:" + FakeOllama.digest(FakeOllama.MODEL));
    assertThat(offer(FakeOllama.EMBEDDER).abilities()).containsExactly(Ability.EMBEDDING);
    assertThat(offer(FakeOllama.CAPABLE).abilities())
        .containsExactlyInAnyOrder(
            Ability.COMPLETION, Ability.TOOLS, Ability.VISION, Ability.INSERT);
  }

  @Test
  void context_isWhatIsLoaded_elseWhatIsConfigured_andTheSameInEveryRequest() throws Exception {
    assertThat(offer(FakeOllama.MODEL).contextTokens()).as("loaded by its user").isEqualTo(4_096);
    assertThat(offer(FakeOllama.THINKER).contextTokens()).isEqualTo(8_192);
    engine.start(chat(FakeOllama.MODEL)).run(chunk -> {});
    engine.start(chat(FakeOllama.THINKER)).run(chunk -> {});
    assertThat(ollama.chats())
        .extracting(each -> each.path("options").path("num_ctx").asInt())
        .containsExactly(4_096, 8_192);
  }

  private static TaskSpec.Chat capable(ChatMessage message, ChatOptions options) {
    return new TaskSpec.Chat(
        FakeOllama.CAPABLE,
        Set.of(),
        List.of(message),
        Sampling.DEFAULT,
        options,
        Optional.empty());
  }

  @Test
  void tools_areOffered_andTheirCallsCome() throws Exception {
    assertThat(called(ChatOptions.AUTO)).isEqualTo("other");
    JsonNode free = ollama.chats().get(0);
    assertThat(free.path("tools").path(1).path("function").path("parameters").path("type").asText())
        .isEqualTo("object");
    assertThat(free.has("format")).isFalse();

    assertThat(called("weather")).isEqualTo("weather");
    JsonNode named = ollama.chats().get(1);
    assertThat(named.path("tools")).as("the one that was chosen").hasSize(1);
    JsonNode schema = named.path("format");
    assertThat(schema.path("properties").path("name").path("const").asText()).isEqualTo("weather");
    assertThat(schema.at(schema.at("/properties/arguments/$ref").asText().substring(1)).at("/type"))
        .isEqualTo(TextNode.valueOf("object"));
    assertThat(schema.at(schema.findValuesAsText("$ref").get(1).substring(1)).at("/maxLength"))
        .as("what its parameters refer to")
        .isEqualTo(IntNode.valueOf(9));

    assertThat(called(ChatOptions.REQUIRED)).isEqualTo("weather");
    JsonNode some = ollama.chats().get(2);
    assertThat(some.path("tools")).hasSize(2);
    assertThat(some.path("format").path("anyOf")).hasSize(2);
  }

  private String called(String choice) throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    String city =
        "{\"type\":\"object\",\"properties\":{\"city\":{\"$ref\":\"#/$defs/city\"}},"
            + "\"$defs\":{\"city\":{\"type\":\"string\",\"maxLength\":9}}}";
    ChatOptions options =
        new ChatOptions(
            List.of(
                new Tool("other", "", "{\"type\":\"object\"}"),
                new Tool("weather", "of a city", city)),
            choice,
            Optional.empty(),
            Optional.empty());
    Generation.End end =
        run(capable(new ChatMessage(ChatMessage.Role.USER, "and now?"), options), chunks);
    assertThat(end.reason()).isEqualTo(Outcome.FinishReason.TOOL_CALLS);
    assertThat(chunks).hasSize(1);
    ToolCall call = ((Chunk.Call) chunks.get(0)).part();
    assertThat(call.arguments()).isEqualTo("{\"city\":\"Bern\"}");
    return call.name();
  }

  @Test
  void imagesFormatsAndThoughts_reachTheServer() throws Exception {
    ChatMessage looking =
        new ChatMessage(ChatMessage.Role.USER, "what?", "", List.of("AAEC"), List.of(), "", "");
    List<Chunk> seen = new ArrayList<>();
    run(capable(looking, ChatOptions.NONE), seen);
    assertThat(text(seen)).isEqualTo("I see 1 images.");
    assertThat(ollama.chats().get(0).path("messages").path(0).path("images").path(0).asText())
        .isEqualTo("AAEC");
    ChatOptions schema =
        new ChatOptions(
            List.of(),
            ChatOptions.AUTO,
            Optional.of("{\"type\":\"object\"}"),
            Optional.of("false"));
    List<Chunk> formed = new ArrayList<>();
    run(capable(new ChatMessage(ChatMessage.Role.USER, "json"), schema), formed);
    assertThat(text(formed)).isEqualTo("{\"city\":\"Bern\"}");
    JsonNode sent = ollama.chats().get(1);
    assertThat(sent.path("format").path("type").asText()).isEqualTo("object");
    assertThat(sent.path("think").isBoolean()).isTrue();
  }

  @Test
  void completions_areRawOrFilledIn() throws Exception {
    List<Chunk> raw = new ArrayList<>();
    run(
        new TaskSpec.Completion(
            FakeOllama.CAPABLE, Set.of(), "as it is", Optional.empty(), true, Sampling.DEFAULT),
        raw);
    assertThat(text(raw)).isEqualTo("raw: as it is");
    List<Chunk> filled = new ArrayList<>();
    run(
        new TaskSpec.Completion(
            FakeOllama.CAPABLE, Set.of(), "a", Optional.of("z"), false, Sampling.DEFAULT),
        filled);
    assertThat(text(filled)).isEqualTo("<middle of z>");
  }

  @Test
  void answerThatBegan_isGoneOnWith() throws Exception {
    List<Chunk> rest = new ArrayList<>();
    run(
        chat(FakeOllama.MODEL)
            .after(new Continuation("", "one two"), Sampling.DEFAULT.withMaxTokens(2)),
        rest);
    assertThat(text(rest)).isEqualTo(" three four");
  }

  @Test
  void models_ofAnotherWaggle_areRefused() {
    ollama.pretendToBeWaggle();
    assertThatThrownBy(() -> engine.models())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("a Waggle node answers")
        .hasMessageContaining("OLLAMA_HOST");
  }

  @Test
  void models_whenNobodyAnswers_saysWhereAndWhatToDo() {
    ollama.close();
    assertThatThrownBy(() -> engine.models())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining(ollama.address().toString())
        .hasMessageContaining("ollama serve");
  }

  @Test
  void serverThatSpeaksLittleOfTheApi_isUsedForWhatItSpeaks() throws Exception {
    ollama.speakLittle();
    assertThat(engine.models()).extracting(ModelOffer::name).contains(FakeOllama.MODEL);
    assertThat(engine.models().get(0).loaded()).isFalse();
  }

  @Test
  void firstPiece_mayTakeLongerThanTheNext() throws Exception {
    ollama.fail(FakeOllama.MODEL, Fault.SILENCE);
    Engine patient = engine(new Patience(Duration.ofSeconds(2), Duration.ofMillis(1)));
    long begin = System.nanoTime();
    assertThatThrownBy(() -> patient.start(chat(FakeOllama.MODEL)).run(chunk -> {}))
        .hasMessageContaining("silent for 2 s");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofSeconds(2));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "-, http://127.0.0.1:11434",
        "0.0.0.0, http://127.0.0.1:11434",
        "0.0.0.0:4000, http://127.0.0.1:4000",
        ":4000, http://127.0.0.1:4000",
        "box, http://box:11434",
        "box:4000, http://box:4000",
        "http://box, http://box:80",
        "https://box/ollama/, https://box:443/ollama",
        "::1, http://[::1]:11434",
        "[::]:4000, http://[::1]:4000"
      })
  void address_isReadAsOllamasClientReadsIt(String variable, String address) {
    assertThat(OllamaAddress.of(variable == null ? Map.of() : Map.of("OLLAMA_HOST", variable)))
        .hasToString(address);
  }

  @Test
  void address_thatIsNone_isRefused() {
    assertThatThrownBy(() -> OllamaAddress.parse("ftp://box"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ftp://box");
    assertThatThrownBy(() -> OllamaAddress.parse("bo x"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
