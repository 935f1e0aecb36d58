package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.membership.Certificate;
import dev.waggle.node.data.AccessToken;
import dev.waggle.node.data.AccessToken.Scope;
import dev.waggle.node.data.AccessTokens;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.EnumSet;
import java.util.Set;

/** The API's own tokens: made, listed and revoked by whoever may change the node. */
final class TokenRoutes {
  private static final String PATH = "/swarm/v1/tokens";

  private final AccessTokens tokens;
  private final Guard guard;
  private final LaterAnswers later;

  TokenRoutes(AccessTokens tokens, Guard guard, LaterAnswers later) {
    this.tokens = tokens;
    this.guard = guard;
    this.later = later;
  }

  void addTo(Router router) {
    router.route(PATH + "*").handler(guard.requiring(Scope.ADMIN));
    router.get(PATH).handler(context -> HttpApi.send(context, list()));
    router.post(PATH).handler(this::create);
    router.delete(PATH + "/:id").handler(this::revoke);
  }

  private ObjectNode list() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode all = body.putArray("tokens");
    tokens.all().forEach(token -> all.add(json(token)));
    return body;
  }

  private static ObjectNode json(AccessToken token) {
    ObjectNode entry =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", token.id())
            .put("name", token.name())
            .put("created", token.created().toString());
    ArrayNode scopes = entry.putArray("scopes");
    token.scopes().stream().sorted().forEach(scope -> scopes.add(scope.word()));
    return entry;
  }

  private void create(RoutingContext context) {
    JsonFields fields = new JsonFields(HttpApi.json(context));
    String name = fields.text("name", "client");
    if (!Certificate.isName(name)) {
      throw JsonFields.wrong("name", "takes 1 to 64 printable characters");
    }
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    for (String word : fields.texts("scopes", Scope.values().length)) {
      try {
        scopes.add(Scope.of(word));
      } catch (IllegalArgumentException e) {
        throw JsonFields.wrong("scopes", "is wrong: " + e.getMessage());
      }
    }
    if (scopes.isEmpty()) {
      throw JsonFields.wrong("scopes", "is missing: chat, read, jobs or admin");
    }
    later.answer(
        context,
        () -> {
          try {
            AccessTokens.Made made = tokens.create(name, scopes);
            return json(made.token()).put("token", made.secret());
          } catch (IllegalArgumentException e) {
            throw new ApiException(
                ApiError.of(409, String.valueOf(e.getMessage()), "too_many_tokens"));
          }
        });
  }

  private void revoke(RoutingContext context) {
    String id = context.pathParam("id");
    later.answer(
        context,
        () -> {
          if (!tokens.revoke(id)) {
            throw new ApiException(
                ApiError.of(404, "there is no token " + id + " (try: waggle token list)", null));
          }
          return list();
        });
  }
}
