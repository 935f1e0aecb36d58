package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.node.data.AccessToken.Scope;
import dev.waggle.worker.model.FetchException;
import dev.waggle.worker.model.FetchRequest;
import dev.waggle.worker.model.FetchedModel;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Copies of models from other machines. */
final class FetchRoutes {
  /** Every member that has the model. */
  private static final String SWARM = "swarm";

  private final NodeControl node;
  private final Guard guard;
  private final LaterAnswers later;

  /**
   * @param later runs on threads of their own, because a copy takes long
   */
  FetchRoutes(NodeControl node, Guard guard, LaterAnswers later) {
    this.node = node;
    this.guard = guard;
    this.later = later;
  }

  void addTo(Router router) {
    router
        .post("/swarm/v1/models/fetch")
        .handler(guard.requiring(Scope.ADMIN))
        .handler(this::fetch);
  }

  private void fetch(RoutingContext context) {
    JsonFields fields = new JsonFields(HttpApi.json(context));
    String model = fields.text("model");
    if (model.isEmpty() || model.length() > BlobRequest.Describe.CHARACTERS_MAX) {
      throw JsonFields.wrong("model", "is no model's name");
    }
    FetchRequest request =
        new FetchRequest(
            model, from(fields.text("from", SWARM)), fields.flag("replace", /* fallback= */ false));
    HttpServerResponse response = context.response();
    later.answerLong(
        context,
        progress -> {
          try {
            return json(
                node.modelTransfers()
                    .fetch(
                        node.swarm().peers(),
                        node.swarm().blobs(),
                        request,
                        (bytes, total) -> {
                          if (response.closed()) {
                            throw new CancellationException("nobody waits for it");
                          }
                          progress.at(bytes, total);
                        }));
          } catch (FetchException e) {
            throw new ApiException(error(e));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the node is shutting down");
          }
        });
  }

  private Optional<PeerId> from(String text) {
    return text.equals(SWARM)
        ? Optional.empty()
        : Optional.of(Members.named(node.swarm().membership(), "from", text));
  }

  private static ApiError error(FetchException e) {
    int status =
        switch (e.kind()) {
          case NOT_FOUND -> 404;
          case NAME_TAKEN, NO_ENGINE -> 409;
          case NO_ROOM -> 507;
          case BUSY -> 503;
          case BROKE_OFF -> 502;
        };
    String code =
        switch (e.kind()) {
          case NOT_FOUND -> "model_not_found";
          case NAME_TAKEN -> "model_exists";
          case NO_ENGINE -> "no_engine";
          case NO_ROOM -> "disk_full";
          case BUSY -> "overloaded";
          case BROKE_OFF -> "fetch_failed";
        };
    return ApiError.of(status, String.valueOf(e.getMessage()), code);
  }

  private ObjectNode json(FetchedModel fetched) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("model", fetched.model()).put("engine", fetched.engine());
    body.put("digest", fetched.digest()).put("localDigest", fetched.localDigest());
    body.put("size", fetched.sizeBytes());
    ArrayNode sources = body.putArray("sources");
    fetched
        .served()
        .forEach(
            (peer, bytes) ->
                sources
                    .addObject()
                    .put("peerId", peer.toString())
                    .put("name", node.swarm().membership().name(peer))
                    .put("bytes", bytes));
    return body;
  }
}
