package dev.waggle.worker.engine.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatMessage.Role;
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
import dev.waggle.worker.fake.FakeOpenAi;
import dev.waggle.worker.fake.FakeServer;
import dev.waggle.worker.fake.FakeServer.Fault;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OpenAiEngineTest extends ServerCompliance {
  private static final Tool OTHER = new Tool("other", "", "");
  private static final Tool WEATHER = new Tool("weather", "of a city", "{\"type\":\"object\"}");

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private FakeOpenAi server;
  private OpenAiEngine engine;

  @BeforeEach
  void start() throws IOException {
    server = new FakeOpenAi();
    engine = engine(Optional.empty(), PATIENCE);
  }

  @AfterEach
  void stop() {
    engine.close();
    server.close();
    timer.shutdownNow();
  }

  private OpenAiEngine engine(Optional<String> key, Patience patience) {
    return new OpenAiEngine(server.address(), key, patience, timer);
  }

  @Override
  protected Engine engine() {
    return engine;
  }

  @Override
  protected FakeServer server() {
    return server;
  }

  @Override
  protected Engine engine(Patience patience) {
    return engine(Optional.empty(), patience);
  }

  @Override
  protected String overloaded() {
    return "Loading model";
  }

  private JsonNode sent() {
    return server.requests().get(server.requests().size() - 1);
  }

  private static TaskSpec.Chat capable(ChatOptions options, ChatMessage... messages) {
    return new TaskSpec.Chat(
        FakeOllama.CAPABLE,
        Set.of(),
        List.of(messages),
        Sampling.DEFAULT,
        options,
        Optional.empty());
  }

  private static ChatMessage user(String content) {
    return new ChatMessage(Role.USER, content);
  }

  private static ChatOptions tools(String choice) {
    return new ChatOptions(List.of(OTHER, WEATHER), choice, Optional.empty(), Optional.empty());
  }

  @Test
  void models_haveContextParametersAndAbilities() throws Exception {
    ModelOffer offer = offer(FakeOllama.MODEL);
    assertThat(offer.contextTokens()).isEqualTo(FakeOpenAi.CONTEXT_TOKENS);
    assertThat(offer.parameters()).isEqualTo(FakeOpenAi.PARAMETERS / 1_000_000);
    assertThat(offer.loaded()).isTrue();
    assertThat(offer.abilities())
        .containsExactlyInAnyOrder(Ability.COMPLETION, Ability.TOOLS, Ability.VISION);
    assertThat(offer(FakeOllama.EMBEDDER).abilities()).containsExactly(Ability.EMBEDDING);
  }

  @Test
  void models_ofAServerThatKnowsNoSizes_haveTheirContext() throws Exception {
    server.pretendToBeVllm();
    assertThat(offer(FakeOllama.MODEL).contextTokens()).isEqualTo(FakeOpenAi.CONTEXT_TOKENS);
    assertThat(offer(FakeOllama.MODEL).parameters()).isZero();
  }

  @Test
  void models_ofTwoServers_areNeverTheSame() throws Exception {
    String digest = offer(FakeOllama.MODEL).digest();
    try (FakeOpenAi other = new FakeOpenAi();
        OpenAiEngine its = new OpenAiEngine(other.address(), Optional.empty(), PATIENCE, timer)) {
      assertThat(its.models()).extracting(ModelOffer::digest).doesNotContain(digest);
    }
  }

  @Test
  void models_ofAWaggleNode_areRefused() {
    server.pretendToBeWaggle();
    assertThatThrownBy(() -> engine.models())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("a Waggle node answers")
        .hasMessageContaining("openai.servers");
  }

  @Test
  void serverOnAnotherMachine_isRefused_forModelsAndForTasks() {
    OpenAiEngine elsewhere =
        new OpenAiEngine(URI.create("http://192.0.2.1:1/v1"), Optional.empty(), PATIENCE, timer);
    assertThatThrownBy(elsewhere::models)
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("is another machine");
    assertThatThrownBy(() -> elsewhere.start(chat(FakeOllama.MODEL)).run(chunk -> {}))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("is another machine");
  }

  @Test
  void models_whenNobodyAnswers_saysWhereAndWhatToCheck() {
    server.close();
    assertThatThrownBy(() -> engine.models())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining(server.address().toString())
        .hasMessageContaining("openai.servers");
  }

  @Test
  void key_isShown() throws Exception {
    server.require("a-key");
    engine = engine(Optional.of("a-key"), PATIENCE);
    assertThat(engine.models()).isNotEmpty();
    List<Chunk> chunks = new ArrayList<>();
    run(chat(FakeOllama.MODEL), chunks);
    assertThat(text(chunks)).isEqualTo(answer());
  }

  @Test
  void keyThatIsWrong_isAFailureThatDoesNotTellIt() {
    server.require("a-key");
    engine = engine(Optional.of("wrong-key"), PATIENCE);
    assertThatThrownBy(() -> engine.models())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("401")
        .hasMessageContaining("openai.key")
        .hasMessageNotContaining("wrong-key");
    assertThatThrownBy(() -> engine.start(chat(FakeOllama.MODEL)).run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.ENGINE))
        .hasMessageContaining("openai.key")
        .hasMessageNotContaining("wrong-key");
  }

  @Test
  void errorInAFieldOfItsOwn_isAFailureThatSaysWhat() {
    server.sayErrorsInTheirOwnField();
    server.fail(FakeOllama.MODEL, Fault.ERROR_MID_STREAM);
    assertThatThrownBy(() -> engine.start(chat(FakeOllama.MODEL)).run(chunk -> {}))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("an error was encountered");
  }

  @Test
  void answerThatBegan_isRefused() {
    TaskSpec rest = chat(FakeOllama.MODEL).after(new Continuation("", "one two"), Sampling.DEFAULT);
    assertThatThrownBy(() -> engine.start(rest).run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.BAD_REQUEST));
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void tools_areOffered_andTheirCallsComeInParts() throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    Generation.End end = run(capable(tools("weather"), user("and now?")), chunks);
    assertThat(end.reason()).isEqualTo(Outcome.FinishReason.TOOL_CALLS);
    assertThat(chunks)
        .containsExactly(
            new Chunk.Call(new ToolCall(0, "call_0", "weather", "")),
            new Chunk.Call(new ToolCall(0, "", "", "{\"city\"")),
            new Chunk.Call(new ToolCall(0, "", "", ":\"Bern\"}")));
    JsonNode tools = sent().path("tools");
    assertThat(tools).hasSize(2);
    assertThat(tools.path(0).path("function").path("parameters").isObject()).isTrue();
    assertThat(tools.path(1).path("type").asText()).isEqualTo("function");
    assertThat(tools.path(1).path("function"))
        .hasToString(
            "{\"name\":\"weather\",\"description\":\"of a city\","
                + "\"parameters\":{\"type\":\"object\"}}");
    assertThat(sent().path("tool_choice"))
        .hasToString("{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}");
    run(capable(tools(ChatOptions.REQUIRED), user("and now?")), new ArrayList<>());
    assertThat(sent().path("tool_choice").asText()).isEqualTo("required");
  }

  @Test
  void toolsAnswers_nameTheirCalls_evenWhereTheRequesterDidNot() throws Exception {
    List<ToolCall> calls =
        List.of(new ToolCall(0, "", "weather", ""), new ToolCall(1, "own", "weather", "{}"));
    List<Chunk> chunks = new ArrayList<>();
    Generation.End end =
        run(
            capable(
                tools(ChatOptions.AUTO),
                user("and now?"),
                new ChatMessage(Role.ASSISTANT, "", "", List.of(), calls, "", ""),
                new ChatMessage(Role.TOOL, "rain", "", List.of(), List.of(), "weather", "own"),
                new ChatMessage(Role.TOOL, "sun", "", List.of(), List.of(), "weather", "")),
            chunks);
    assertThat(end.reason()).isEqualTo(Outcome.FinishReason.STOP);
    assertThat(text(chunks)).isEqualTo(answer());
    JsonNode messages = sent().path("messages");
    JsonNode first = messages.path(1).path("tool_calls").path(0);
    assertThat(first.path("id").asText()).isNotEmpty();
    assertThat(first.path("function").path("arguments").asText()).isEqualTo("{}");
    assertThat(messages.path(2).path("tool_call_id").asText()).isEqualTo("own");
    assertThat(messages.path(3).path("tool_call_id")).isEqualTo(first.path("id"));
  }

  @Test
  void images_areSentAsDataUrls() throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    ChatMessage looking =
        new ChatMessage(Role.USER, "what?", "", List.of("AAEC"), List.of(), "", "");
    run(capable(ChatOptions.NONE, looking), chunks);
    assertThat(text(chunks)).isEqualTo("I see 1 images.");
    assertThat(sent().path("messages").path(0).path("content"))
        .hasToString(
            "[{\"type\":\"text\",\"text\":\"what?\"},{\"type\":\"image_url\","
                + "\"image_url\":{\"url\":\"data:image/png;base64,AAEC\"}}]");
  }

  @Test
  void format_isSentAsSchemaOrAsAnyJson() throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    run(capable(formed("{\"type\":\"object\"}"), user("json")), chunks);
    assertThat(text(chunks)).isEqualTo("{\"city\":\"Bern\"}");
    JsonNode format = sent().path("response_format");
    assertThat(format.path("type").asText()).isEqualTo("json_schema");
    assertThat(format.path("json_schema").path("name").asText()).isNotEmpty();
    assertThat(format.path("json_schema").path("schema")).hasToString("{\"type\":\"object\"}");
    run(capable(formed(ChatOptions.ANY_JSON), user("json")), new ArrayList<>());
    assertThat(sent().path("response_format")).hasToString("{\"type\":\"json_object\"}");
  }

  private static ChatOptions formed(String format) {
    return new ChatOptions(List.of(), ChatOptions.AUTO, Optional.of(format), Optional.of("false"));
  }

  @Test
  void formatThatIsNoJson_isABadRequest() {
    assertThatThrownBy(() -> run(capable(formed("{"), user("json")), new ArrayList<>()))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.BAD_REQUEST));
  }

  @Test
  void thinking_canBeTurnedOff() throws Exception {
    TaskSpec.Chat chat = chat(FakeOllama.THINKER);
    ChatOptions quiet =
        new ChatOptions(List.of(), ChatOptions.AUTO, Optional.empty(), Optional.of("false"));
    List<Chunk> less = new ArrayList<>();
    run(
        new TaskSpec.Chat(
            chat.model(), Set.of(), chat.messages(), Sampling.DEFAULT, quiet, Optional.empty()),
        less);
    assertThat(text(less)).isEqualTo(answer());
    assertThat(less).noneMatch(Chunk.Thinking.class::isInstance);
  }

  @Test
  void logprobs_ofChats_areAskedFor() throws Exception {
    run(chat(FakeOllama.MODEL, likely(2)), new ArrayList<>());
    assertThat(sent().path("logprobs").isBoolean()).isTrue();
    assertThat(sent().path("top_logprobs").asInt()).isEqualTo(2);
  }

  @Test
  void logprobs_ofCompletions_comeInTheirOlderForm() throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    run(
        new TaskSpec.Completion(
            FakeOllama.MODEL, Set.of(), "count", Optional.empty(), true, likely(1)),
        chunks);
    Chunk.Text second = (Chunk.Text) chunks.get(1);
    assertThat(second.text()).isEqualTo(" two");
    assertThat(second.logprobs()).hasSize(1);
    assertThat(second.logprobs().get(0).token()).isEqualTo(" two");
    assertThat(second.logprobs().get(0).bytes()).containsExactly(32, 116, 119, 111);
    assertThat(second.logprobs().get(0).logprob()).isEqualTo(-0.25);
    assertThat(second.logprobs().get(0).top()).hasSize(1);
  }

  @Test
  void completion_isContinuedOrFilledIn() throws Exception {
    List<Chunk> plain = new ArrayList<>();
    Generation.End end =
        run(
            new TaskSpec.Completion(
                FakeOllama.MODEL, Set.of(), "count", Optional.empty(), true, Sampling.DEFAULT),
            plain);
    assertThat(text(plain)).isEqualTo(answer());
    assertThat(end.usage().outputTokens()).isEqualTo(5);
    List<Chunk> filled = new ArrayList<>();
    run(
        new TaskSpec.Completion(
            FakeOllama.MODEL, Set.of(), "a", Optional.of("z"), false, Sampling.DEFAULT),
        filled);
    assertThat(text(filled)).isEqualTo("<middle of z>");
  }

  @Test
  void embedding_isAskedForInNumbers() throws Exception {
    embedding_ofManyTexts_isInTheirOrder();
    assertThat(sent().path("encoding_format").asText()).isEqualTo("float");
  }
}
