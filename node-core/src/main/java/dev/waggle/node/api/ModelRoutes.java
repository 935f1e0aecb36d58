package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.ModelQuery;
import dev.waggle.coordinator.Nearest;
import dev.waggle.coordinator.RunningTask;
import dev.waggle.coordinator.TaskFailure;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.ollama.OllamaEngine;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The swarm's models, in the dialects of OpenAI and Ollama. */
final class ModelRoutes {
  // Clients ask which version of Ollama's API they may expect.
  private static final String OLLAMA_API_VERSION = "0.12.6";

  private final NodeControl node;
  private final String version;
  private final Vertx vertx;
  private final ApiMetrics metrics;
  private final Clock clock = Clock.systemUTC();

  ModelRoutes(NodeControl node, String version, Vertx vertx, ApiMetrics metrics) {
    this.node = node;
    this.version = version;
    this.vertx = vertx;
    this.metrics = metrics;
  }

  void addTo(Router router) {
    router.get("/v1/models").handler(this::openAiModels);
    router.getWithRegex("/v1/models/(?<id>.+)").handler(this::openAiModel);
    router
        .post("/v1/chat/completions")
        .handler(
            context -> {
              ChatRequest request = ChatRequest.openAi(HttpApi.json(context));
              String id = UUID.randomUUID().toString().replace("-", "");
              answer(
                  context,
                  request,
                  new OpenAiForm(id, request.model(), clock.instant(), request.usageChunk()),
                  "openai");
            });
    router
        .get("/api/version")
        .handler(
            context ->
                HttpApi.send(
                    context,
                    object()
                        .put("version", OLLAMA_API_VERSION)
                        .put(OllamaEngine.WAGGLE_MARKER, version)));
    router
        .get("/api/tags")
        .handler(context -> HttpApi.send(context, OllamaModels.tags(models().values())));
    router
        .get("/api/ps")
        .handler(context -> HttpApi.send(context, OllamaModels.loaded(models().values())));
    router.post("/api/show").handler(this::ollamaShow);
    router
        .post("/api/chat")
        .handler(context -> ollama(context, ChatRequest.ollamaChat(HttpApi.json(context)), true));
    router
        .post("/api/generate")
        .handler(
            context -> ollama(context, ChatRequest.ollamaGenerate(HttpApi.json(context)), false));
    // Ollama's clients look whether anybody is there.
    router.get("/").handler(context -> context.response().end("Waggle is running"));
    router.head("/").handler(context -> context.response().end());
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private void ollama(RoutingContext context, ChatRequest request, boolean chat) {
    OllamaForm form = new OllamaForm(request.model(), chat, clock);
    if (request.messages().isEmpty()) {
      if (!ModelQuery.of(request.model()).any()) {
        requireModel(request.model());
      }
      context.response().putHeader("content-type", "application/json").end(form.loaded());
      return;
    }
    answer(context, request, form, "ollama");
  }

  private void answer(
      RoutingContext context, ChatRequest request, AnswerForm form, String dialect) {
    HttpServerResponse response = context.response();
    List<String> labels = context.request().headers().getAll(ChatRequest.LABELS_HEADER);
    TaskSpec spec = request.task(node.config().requestLabels(), String.join(",", labels));
    Answer answer = new Answer(vertx, response, form, request.stream(), metrics.begin(dialect));
    RunningTask task = node.tasks().submit(spec, answer);
    answer.answers(task);
  }

  /** Every model that this node or a connected one offers, by name; of one name the first. */
  private Map<String, ModelOffer> models() {
    Map<String, ModelOffer> models = new LinkedHashMap<>();
    add(models, node.capability());
    node.swarm().peers().peers().stream()
        .filter(peer -> peer.connected())
        .flatMap(peer -> peer.capability().stream())
        .forEach(capability -> add(models, capability));
    return models;
  }

  private static void add(Map<String, ModelOffer> models, Capability capability) {
    if (capability.slots() > 0) {
      capability.models().forEach(model -> models.putIfAbsent(model.name(), model));
    }
  }

  private ModelOffer requireModel(String name) {
    Map<String, ModelOffer> models = models();
    return ModelOffer.find(models.values(), name)
        .orElseThrow(
            () -> {
              String nearest =
                  Nearest.to(name, models.keySet()).map(each -> "; nearest: " + each).orElse("");
              return new ApiException(
                  ApiError.of(
                      new TaskFailure.NoSuchModel(
                          "model \"" + name + "\" is on no reachable node" + nearest)));
            });
  }

  private void openAiModels(RoutingContext context) {
    ObjectNode body = object().put("object", "list");
    ArrayNode data = body.putArray("data");
    Map<String, ModelOffer> models = models();
    if (!models.isEmpty()) {
      ModelQuery.ANY.forEach(any -> data.add(openAi(any)));
    }
    models.keySet().forEach(model -> data.add(openAi(model)));
    HttpApi.send(context, body);
  }

  private void openAiModel(RoutingContext context) {
    String id = context.pathParam("id");
    HttpApi.send(context, openAi(ModelQuery.of(id).any() ? id : requireModel(id).name()));
  }

  private void ollamaShow(RoutingContext context) {
    JsonFields fields = new JsonFields(HttpApi.json(context));
    // Older clients say name.
    String name = fields.text("model", fields.text("name", ""));
    if (name.isEmpty()) {
      throw JsonFields.wrong("model", "is missing");
    }
    HttpApi.send(context, OllamaModels.show(requireModel(name)));
  }

  private static JsonNode openAi(String name) {
    return object()
        .put("id", name)
        .put("object", "model")
        .put("created", Instant.EPOCH.getEpochSecond())
        .put("owned_by", "waggle");
  }
}
