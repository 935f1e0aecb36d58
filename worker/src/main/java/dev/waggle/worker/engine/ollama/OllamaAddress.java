package dev.waggle.worker.engine.ollama;

import java.net.URI;
import java.util.Locale;
import java.util.Map;

/** Where Ollama is: what its own variable {@code OLLAMA_HOST} says, read as its client reads it. */
public final class OllamaAddress {
  private static final String DEFAULT_HOST = "127.0.0.1";
  private static final int DEFAULT_PORT = 11_434;

  private OllamaAddress() {}

  /**
   * The address for this process.
   *
   * @throws IllegalArgumentException if {@code OLLAMA_HOST} cannot be read
   */
  public static URI fromEnvironment() {
    return of(System.getenv());
  }

  static URI of(Map<String, String> environment) {
    return parse(environment.getOrDefault("OLLAMA_HOST", ""));
  }

  /**
   * Reads an address: {@code [scheme://]host[:port][/path]}, each part optional. An address that
   * means "any interface" for a server means this machine for a client.
   *
   * @throws IllegalArgumentException naming what cannot be read
   */
  public static URI parse(String text) {
    String rest = text.strip();
    if (rest.isEmpty()) {
      return URI.create("http://" + DEFAULT_HOST + ":" + DEFAULT_PORT);
    }
    String scheme = "http";
    int schemeEnd = rest.indexOf("://");
    int defaultPort = DEFAULT_PORT;
    if (schemeEnd >= 0) {
      scheme = rest.substring(0, schemeEnd).toLowerCase(Locale.ROOT);
      rest = rest.substring(schemeEnd + 3);
      defaultPort = scheme.equals("https") ? 443 : 80;
    }
    if (rest.indexOf(':') != rest.lastIndexOf(':') && !rest.startsWith("[")) {
      rest = "[" + rest + "]"; // A bare IPv6 address.
    } else if (rest.startsWith(":")) {
      rest = DEFAULT_HOST + rest;
    }
    URI uri;
    try {
      uri = URI.create(scheme + "://" + rest);
    } catch (IllegalArgumentException e) {
      throw unreadable(text, e);
    }
    if (uri.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
      throw unreadable(text, null);
    }
    String host =
        switch (uri.getHost()) {
          case "0.0.0.0" -> DEFAULT_HOST;
          case "[::]" -> "[::1]";
          default -> uri.getHost();
        };
    int port = uri.getPort() < 0 ? defaultPort : uri.getPort();
    String path = uri.getPath() == null ? "" : uri.getPath().replaceAll("/+$", "");
    return URI.create(scheme + "://" + host + ":" + port + path);
  }

  private static IllegalArgumentException unreadable(
      String text, @org.jspecify.annotations.Nullable Exception cause) {
    return new IllegalArgumentException(
        "\"" + text + "\" is no Ollama address (write, for example, 127.0.0.1:11434)", cause);
  }
}
