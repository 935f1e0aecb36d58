package dev.waggle.node.api;

import dev.waggle.node.config.NodeConfig;
import dev.waggle.node.data.AccessToken;
import dev.waggle.node.data.AccessToken.Scope;
import dev.waggle.node.data.AccessTokens;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps strangers out of the API. A web page in the user's browser is one: its requests carry a
 * foreign Origin, or, when its name was rebound to this machine, a foreign Host.
 */
final class Guard {
  private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");
  // Schemes that no web page can have: editors and desktop applications.
  private static final Set<String> APPLICATION_SCHEMES =
      Set.of("vscode-webview", "app", "tauri", "file");
  // What two of a kind would let one part of a program see one and another part the other.
  private static final List<String> SINGLE_HEADERS =
      List.of("host", "origin", "authorization", "content-length", "transfer-encoding");
  private static final String BEARER = "bearer ";
  private static final String ALLOWED_HEADERS =
      String.join(
          ", ",
          "authorization",
          "content-type",
          Wishes.LABELS_HEADER,
          Wishes.PRIORITY_HEADER,
          Wishes.DEADLINE_HEADER);
  private static final String EXPOSED_HEADERS =
      "x-waggle-task, x-waggle-node, x-waggle-model, x-waggle-model-digest, x-waggle-queue-ms, retry-after";

  private final Optional<byte[]> key;
  private final byte[] token;
  private final AccessTokens tokens;
  private final boolean loopback;

  Guard(NodeConfig config, String token, AccessTokens tokens) {
    this.key = config.apiKey().map(text -> text.getBytes(StandardCharsets.UTF_8));
    this.token = token.getBytes(StandardCharsets.UTF_8);
    this.tokens = tokens;
    this.loopback = config.apiAddress().getAddress().isLoopbackAddress();
  }

  /** Before everything: who does not get in is told why. */
  void check(RoutingContext context) {
    HttpServerRequest request = context.request();
    for (String name : SINGLE_HEADERS) {
      if (request.headers().getAll(name).size() > 1) {
        throw new ApiException(
            ApiError.badRequest("the request has more than one " + name + " header", null));
      }
    }
    // With a key in use any name of this machine will do: no web page knows the key.
    if (loopback && !namesLoopback(request)) {
      throw refused(
          "the Host header names another machine (use http://127.0.0.1 and the API's port)");
    }
    String origin = request.getHeader("origin");
    boolean foreignPage =
        origin == null
            ? "cross-site".equalsIgnoreCase(request.getHeader("sec-fetch-site"))
            : !isAllowed(origin);
    if (foreignPage) {
      throw refused("requests of web pages from other origins are not allowed");
    }
    if (origin != null && isPreflightAnswered(context, origin)) {
      return;
    }
    if (key.isPresent() && !request.path().equals("/healthz") && !matches(request, key.get())) {
      boolean models = request.path().startsWith("/v1/") || request.path().startsWith("/api/");
      require(
          request,
          models ? Optional.of(Scope.CHAT) : Optional.empty(),
          "this API needs its key: send the header \"Authorization: Bearer KEY\"");
    }
    context.next();
  }

  /**
   * Tells a browser that pages of this origin may read the answers; whether that was all it asked.
   */
  private static boolean isPreflightAnswered(RoutingContext context, String origin) {
    HttpServerRequest request = context.request();
    HttpServerResponse response = context.response();
    response.putHeader("access-control-allow-origin", origin);
    response.putHeader("access-control-expose-headers", EXPOSED_HEADERS);
    response.putHeader("vary", "origin");
    if (!request.method().equals(HttpMethod.OPTIONS)
        || request.getHeader("access-control-request-method") == null) {
      return false;
    }
    response.putHeader("access-control-allow-methods", "GET, POST, DELETE");
    response.putHeader("access-control-allow-headers", ALLOWED_HEADERS);
    response.putHeader("access-control-max-age", "600");
    if (request.getHeader("access-control-request-private-network") != null) {
      response.putHeader("access-control-allow-private-network", "true");
    }
    response.setStatusCode(204).end();
    return true;
  }

  /** Before what needs a scope. */
  Handler<RoutingContext> requiring(Scope scope) {
    return context -> {
      require(
          context.request(),
          Optional.of(scope),
          "this needs the token in the data directory's api.token, or one of \"waggle token create"
              + " --scope "
              + scope.word()
              + "\": send the header \"Authorization: Bearer TOKEN\"");
      context.next();
    };
  }

  /**
   * @param scope what a token has to allow; empty when any token will do
   */
  private void require(HttpServerRequest request, Optional<Scope> scope, String otherwise) {
    if (matches(request, token)) {
      return;
    }
    Optional<AccessToken> shown = bearer(request).flatMap(tokens::find);
    if (shown.isEmpty()) {
      throw new ApiException(ApiError.of(401, otherwise, "unauthorized"));
    }
    if (scope.isPresent() && !shown.get().allows(scope.get())) {
      String word = scope.get().word();
      throw refused(
          "the token \""
              + shown.get().name()
              + "\" has not the scope "
              + word
              + " (make one that has: waggle token create --scope "
              + word
              + ")");
    }
  }

  private static boolean matches(HttpServerRequest request, byte[] secret) {
    return bearer(request)
        .map(shown -> MessageDigest.isEqual(shown.getBytes(StandardCharsets.UTF_8), secret))
        .orElse(false);
  }

  private static Optional<String> bearer(HttpServerRequest request) {
    return Optional.ofNullable(request.getHeader("authorization"))
        .filter(header -> header.toLowerCase(Locale.ROOT).startsWith(BEARER))
        .map(header -> header.substring(BEARER.length()).strip());
  }

  /** HTTP/2 names the host in its own way, with or without the header. */
  private static boolean namesLoopback(HttpServerRequest request) {
    String header = request.getHeader("host");
    HostAndPort authority = request.authority();
    return (header != null || authority != null)
        && (header == null || isLoopbackName(header.replaceAll(":[0-9]+$", "")))
        && (authority == null || isLoopbackName(authority.host()));
  }

  private static boolean isLoopbackName(String host) {
    return LOOPBACK_NAMES.contains(host.toLowerCase(Locale.ROOT));
  }

  private static boolean isAllowed(String origin) {
    try {
      URI uri = URI.create(origin);
      String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
      return APPLICATION_SCHEMES.contains(scheme)
          || (Set.of("http", "https").contains(scheme)
              && uri.getHost() != null
              && isLoopbackName(uri.getHost()));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static ApiException refused(String message) {
    return new ApiException(ApiError.of(403, message, "forbidden"));
  }
}
