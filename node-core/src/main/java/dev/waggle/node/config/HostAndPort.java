package dev.waggle.node.config;

import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code host:port}, where an IPv6 host stands in brackets. */
final class HostAndPort {
  private static final Pattern FORM =
      Pattern.compile("(\\[[0-9a-fA-F:.]+]|[A-Za-z0-9._-]+):([0-9]{1,5})");
  private static final int PORT_MAX = 65_535;

  private HostAndPort() {}

  static Optional<InetSocketAddress> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > PORT_MAX) {
      return Optional.empty();
    }
    String host = matcher.group(1).replaceAll("[\\[\\]]", "");
    return Optional.of(new InetSocketAddress(host, Integer.parseInt(matcher.group(2))));
  }
}
