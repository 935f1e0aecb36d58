package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.ModelQuery;
import dev.waggle.coordinator.Nearest;
import dev.waggle.coordinator.TaskFailure;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.worker.engine.ollama.OllamaEngine;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

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
    openAi(router, "/v1/chat/completions", OpenAiRequests::chat);
    openAi(router, "/v1/completions", OpenAiRequests::completion);
    openAi(router, "/v1/embeddings", OpenAiRequests::embedding);
    router
        .post("/v1/responses")
        .handler(
            context -> {
              JsonFields fields = fields(context);
              Wishes wishes = wishes(context, fields);
              answer(context, new ResponsesRequest(fields, wishes).read(newId(), clock), "openai");
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
    ollama(router, "/api/chat", OllamaRequests::chat, /* chat= */ true);
    ollama(router, "/api/generate", OllamaRequests::generate, /* chat= */ false);
    ollama(router, "/api/embed", each -> Optional.of(each.embed(false)), /* chat= */ false);
    ollama(router, "/api/embeddings", each -> Optional.of(each.embed(true)), /* chat= */ false);
    // Ollama's clients look whether anybody is there.
    router.get("/").handler(context -> context.response().end("Waggle is running"));
    router.head("/").handler(context -> context.response().end());
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static String newId() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  private static JsonFields fields(RoutingContext context) {
    return new JsonFields(HttpApi.json(context));
  }

  private Wishes wishes(RoutingContext context, JsonFields fields) {
    return Wishes.of(context.request(), fields, node.config().requestLabels());
  }

  private void openAi(Router router, String path, Function<OpenAiRequests, ModelCall> read) {
    router
        .post(path)
        .handler(
            context -> {
              JsonFields fields = fields(context);
              OpenAiRequests requests =
                  new OpenAiRequests(fields, wishes(context, fields), newId(), clock.instant());
              answer(context, read.apply(requests), "openai");
            });
  }

  private void ollama(
      Router router,
      String path,
      Function<OllamaRequests, Optional<ModelCall>> read,
      boolean chat) {
    router
        .post(path)
        .handler(
            context -> {
              JsonFields fields = fields(context);
              OllamaRequests requests = new OllamaRequests(fields, wishes(context, fields), clock);
              Optional<ModelCall> call = read.apply(requests);
              if (call.isPresent()) {
                answer(context, call.get(), "ollama");
              } else {
                loaded(context, requests.model(), chat);
              }
            });
  }

  /** A client wants a model to be loaded: its first request will do that. */
  private void loaded(RoutingContext context, String model, boolean chat) {
    if (!ModelQuery.of(model).any()) {
      requireModel(model);
    }
    context
        .response()
        .putHeader("content-type", "application/json")
        .end(new OllamaForm(model, chat, clock).loaded());
  }

  private void answer(RoutingContext context, ModelCall call, String dialect) {
    new Answer(vertx, context.response(), call, metrics.begin(dialect)).begin(node.tasks());
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
      capability.models().stream()
          .filter(model -> !model.isSandbox())
          .forEach(model -> models.putIfAbsent(model.name(), model));
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
    String name = OllamaRequests.name(fields(context));
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
