package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.node.data.AccessToken.Scope;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** What the machine's owner says: pause and resume. */
final class OwnerRoutes {
  private static final long SECONDS_MAX = Duration.ofDays(3_650).toSeconds();

  private final NodeControl node;
  private final Guard guard;
  private final LaterAnswers later;

  OwnerRoutes(NodeControl node, Guard guard, LaterAnswers later) {
    this.node = node;
    this.guard = guard;
    this.later = later;
  }

  void addTo(Router router) {
    router.post("/swarm/v1/pause").handler(guard.requiring(Scope.ADMIN)).handler(this::pause);
    router.post("/swarm/v1/resume").handler(guard.requiring(Scope.ADMIN)).handler(this::resume);
  }

  private void pause(RoutingContext context) {
    OptionalLong seconds = HttpApi.fields(context).number("seconds");
    if (seconds.isPresent() && (seconds.getAsLong() < 1 || seconds.getAsLong() > SECONDS_MAX)) {
      throw JsonFields.wrong("seconds", "has to be 1 to " + SECONDS_MAX);
    }
    Optional<Duration> time =
        seconds.isPresent()
            ? Optional.of(Duration.ofSeconds(seconds.getAsLong()))
            : Optional.empty();
    later.answer(
        context,
        () -> {
          node.pause(time);
          return state();
        });
  }

  private void resume(RoutingContext context) {
    later.answer(
        context,
        () -> {
          node.resume();
          return state();
        });
  }

  private ObjectNode state() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    describe(body);
    return body;
  }

  /** Whether the node works for others now, and if not, why. */
  void describe(ObjectNode target) {
    target.put("open", node.worker().closedFor().isEmpty());
    node.worker().closedFor().ifPresent(why -> target.put("closedFor", why));
    node.worker().pausedUntil().ifPresent(until -> target.put("pausedUntil", until.toString()));
  }
}
