package dev.waggle.node.api;

import dev.waggle.node.config.NodeConfig;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
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
  private static final String BEARER = "bearer ";

  private final Optional<byte[]> key;
  private final byte[] token;
  private final boolean loopback;

  Guard(NodeConfig config, String token) {
    this.key = config.apiKey().map(text -> text.getBytes(StandardCharsets.UTF_8));
    this.token = token.getBytes(StandardCharsets.UTF_8);
    this.loopback = config.apiAddress().getAddress().isLoopbackAddress();
  }

  /** Before everything: who does not get in is told why. */
  void check(RoutingContext context) {
    HttpServerRequest request = context.request();
    // With a key in use any name of this machine will do: no web page knows the key.
    if (loopback && !isLoopbackName(host(request))) {
      throw refused(
          "the Host header names another machine (use http://127.0.0.1 and the API's port)");
    }
    String origin = request.getHeader("origin");
    if (origin != null && !isAllowed(origin)) {
      throw refused("requests of web pages from other origins are not allowed");
    }
    if (key.isPresent() && !request.path().equals("/healthz") && !knowsKey(request)) {
      throw unauthorized("this API needs its key: send the header \"Authorization: Bearer KEY\"");
    }
    context.next();
  }

  /** Before what changes the node or reads its records. */
  void checkToken(RoutingContext context) {
    if (!matches(context.request(), token)) {
      throw unauthorized(
          "this needs the token in the data directory's api.token: send the header"
              + " \"Authorization: Bearer TOKEN\"");
    }
    context.next();
  }

  private boolean knowsKey(HttpServerRequest request) {
    return (key.isPresent() && matches(request, key.get())) || matches(request, token);
  }

  private static boolean matches(HttpServerRequest request, byte[] secret) {
    String header = request.getHeader("authorization");
    return header != null
        && header.toLowerCase(Locale.ROOT).startsWith(BEARER)
        && MessageDigest.isEqual(
            header.substring(BEARER.length()).strip().getBytes(StandardCharsets.UTF_8), secret);
  }

  private static String host(HttpServerRequest request) {
    String host = request.getHeader("host");
    return host == null ? "" : host.toLowerCase(Locale.ROOT).replaceAll(":[0-9]+$", "");
  }

  private static boolean isLoopbackName(String host) {
    return LOOPBACK_NAMES.contains(host);
  }

  private static boolean isAllowed(String origin) {
    try {
      URI uri = URI.create(origin);
      String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
      return APPLICATION_SCHEMES.contains(scheme)
          || (Set.of("http", "https").contains(scheme)
              && uri.getHost() != null
              && isLoopbackName(uri.getHost().toLowerCase(Locale.ROOT)));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static ApiException refused(String message) {
    return new ApiException(ApiError.of(403, message, "forbidden"));
  }

  private static ApiException unauthorized(String message) {
    return new ApiException(ApiError.of(401, message, "unauthorized"));
  }
}
