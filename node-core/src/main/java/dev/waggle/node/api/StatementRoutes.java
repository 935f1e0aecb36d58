package dev.waggle.node.api;

import dev.waggle.ledger.Statement;
import dev.waggle.node.data.AccessToken.Scope;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;

/** What members earned and spent, by this node's record. */
final class StatementRoutes {
  private final NodeControl node;
  private final Guard guard;
  private final LaterAnswers later;

  StatementRoutes(NodeControl node, Guard guard, LaterAnswers later) {
    this.node = node;
    this.guard = guard;
    this.later = later;
  }

  void addTo(Router router) {
    router.get("/swarm/v1/statement").handler(guard.requiring(Scope.READ)).handler(this::statement);
  }

  private void statement(RoutingContext context) {
    Instant from = moment(context, "from", Instant.EPOCH);
    Instant until = moment(context, "until", Instant.parse("9999-01-01T00:00:00Z"));
    if (!from.isBefore(until)) {
      throw JsonFields.wrong("until", "has to be after \"from\"");
    }
    later.answer(
        context,
        () -> {
          Statement statement = Statement.of(node.ledger(), from, until);
          return StatementJson.of(statement, node.swarm().membership()::name)
              .put("from", from.toString())
              .put("until", until.toString());
        });
  }

  private static Instant moment(RoutingContext context, String name, Instant fallback) {
    String text = context.request().getParam(name);
    return text == null ? fallback : JsonFields.moment(name, text);
  }
}
