package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.node.data.AccessToken.Scope;
import dev.waggle.node.data.FaultStore;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Base64;

/** What members did that no honest node does. */
final class ConductRoutes {
  private final NodeControl node;
  private final Guard guard;
  private final LaterAnswers later;

  ConductRoutes(NodeControl node, Guard guard, LaterAnswers later) {
    this.node = node;
    this.guard = guard;
    this.later = later;
  }

  void addTo(Router router) {
    router
        .get("/swarm/v1/faults")
        .handler(guard.requiring(Scope.READ))
        .handler(context -> later.answer(context, this::faults));
    router
        .post("/swarm/v1/faults/forgive")
        .handler(guard.requiring(Scope.ADMIN))
        .handler(this::forgive);
  }

  private ObjectNode faults() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode standings = body.putArray("standings");
    for (Conduct.Standing each : node.conduct().standings()) {
      ObjectNode entry = standings.addObject();
      describe(entry, each.peer());
      entry.put("score", Math.round(each.score() * 100) / 100.0);
      each.shunnedUntil().ifPresent(until -> entry.put("shunnedUntil", until.toString()));
    }
    ArrayNode faults = body.putArray("faults");
    for (FaultStore.Kept each : node.faults().all()) {
      ObjectNode entry = faults.addObject().put("id", each.id());
      describe(entry, each.observed().peer());
      entry
          .put("fault", each.observed().fault().name())
          .put("what", each.observed().fault().words());
      entry.put("time", each.observed().time().toString());
      byte[] evidence = each.observed().evidence();
      if (evidence.length > 0) {
        entry.put("evidence", Base64.getEncoder().encodeToString(evidence));
      }
    }
    return body;
  }

  private void describe(ObjectNode target, PeerId peer) {
    target.put("peerId", peer.toString());
    target.put("name", node.swarm().membership().name(peer));
  }

  private void forgive(RoutingContext context) {
    JsonFields fields = new JsonFields(HttpApi.json(context));
    PeerId peer = Members.named(node.swarm().membership(), "peer", fields.text("peer"));
    node.conduct().forgive(peer);
    later.answer(context, this::faults);
  }
}
