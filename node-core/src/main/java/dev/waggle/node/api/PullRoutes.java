package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.node.data.AccessToken.Scope;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.ModelLibrary;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.CancellationException;

/**
 * Getting models for this node's engine from its registry, and throwing them away, in Ollama's
 * dialect and in Waggle's own, which also gets them for other nodes' engines. All change the
 * machine, so all need the token.
 */
final class PullRoutes {
  private final NodeControl node;
  private final Guard guard;
  private final LaterAnswers later;
  private final OrderedPulls orders;

  /**
   * @param later runs on threads of their own, because a pull takes long
   */
  PullRoutes(NodeControl node, Guard guard, LaterAnswers later) {
    this.node = node;
    this.guard = guard;
    this.later = later;
    this.orders = new OrderedPulls(node, later);
  }

  void addTo(Router router) {
    router.post("/api/pull").handler(guard.requiring(Scope.ADMIN)).handler(this::ollamaPull);
    router.delete("/api/delete").handler(guard.requiring(Scope.ADMIN)).handler(this::delete);
    router.post("/swarm/v1/models/pull").handler(guard.requiring(Scope.ADMIN)).handler(this::pull);
  }

  private ModelLibrary library() {
    return node.worker()
        .library()
        .orElseThrow(
            () ->
                new ApiException(
                    ApiError.of(
                        409,
                        "no engine of this node gets models by itself (start Ollama; \"waggle"
                            + " doctor\" says what is wrong with it)",
                        "no_engine")));
  }

  private void ollamaPull(RoutingContext context) {
    JsonFields fields = new JsonFields(HttpApi.json(context));
    String model = OllamaRequests.name(fields);
    ModelLibrary library = library();
    if (!fields.flag("stream", true)) {
      later.answer(
          context,
          () -> {
            get(library, model, context.response(), step -> {});
            return success();
          });
      return;
    }
    later.answerLines(
        context,
        say -> {
          get(library, model, context.response(), step -> say.accept(json(step)));
          return success();
        },
        failure -> ApiError.of(500, failure, null).ollama());
  }

  private static ObjectNode success() {
    return JsonNodeFactory.instance.objectNode().put("status", "success");
  }

  private static ObjectNode json(ModelLibrary.Step step) {
    ObjectNode line = JsonNodeFactory.instance.objectNode().put("status", step.status());
    if (!step.digest().isEmpty()) {
      line.put("digest", step.digest());
    }
    if (step.total() > 0) {
      line.put("total", step.total()).put("completed", step.completed());
    }
    return line;
  }

  private interface Hearing {
    void at(ModelLibrary.Step step);
  }

  private void get(
      ModelLibrary library, String model, HttpServerResponse response, Hearing hearing) {
    try {
      library.pull(
          model,
          step -> {
            if (response.closed()) {
              throw new InterruptedException("nobody waits for it");
            }
            if (!step.status().equals("success")) {
              hearing.at(step);
            }
          });
      node.worker().refresh();
    } catch (EngineException e) {
      throw new ApiException(ApiError.of(502, e.getMessage(), "pull_failed"));
    } catch (InterruptedException e) {
      throw new CancellationException("nobody waits for it");
    }
  }

  private void pull(RoutingContext context) {
    JsonFields fields = new JsonFields(HttpApi.json(context));
    String model = OllamaRequests.name(fields);
    String on = fields.text("on", "");
    if (!on.isEmpty()) {
      PeerId member = Members.named(node.swarm().membership(), "on", on);
      if (!member.equals(node.swarm().peerId())) {
        orders.answer(context, member, model);
        return;
      }
    }
    ModelLibrary library = library();
    later.answerLong(
        context,
        progress -> {
          get(
              library,
              model,
              context.response(),
              step -> progress.at(step.completed(), step.total()));
          return success().put("model", model);
        });
  }

  private void delete(RoutingContext context) {
    String model = OllamaRequests.name(new JsonFields(HttpApi.json(context)));
    ModelLibrary library = library();
    later.answer(
        context,
        () -> {
          try {
            library.delete(model);
            node.worker().refresh();
            return JsonNodeFactory.instance.objectNode();
          } catch (EngineException e) {
            boolean missing = e.failure() == Outcome.Failure.NO_SUCH_MODEL;
            throw new ApiException(
                ApiError.of(
                    missing ? 404 : 502, e.getMessage(), missing ? "model_not_found" : null));
          }
        });
  }
}
