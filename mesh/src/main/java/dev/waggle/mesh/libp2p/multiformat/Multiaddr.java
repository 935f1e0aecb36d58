package dev.waggle.mesh.libp2p.multiformat;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.io.ByteArrayOutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A self-describing network address such as {@code /ip4/127.0.0.1/tcp/4301/p2p/12D3KooW...}.
 *
 * <p>Text and binary forms of the protocols this library can meet; an unknown one is refused.
 * Immutable. Source: multiformats multiaddr, libp2p specs addressing/README.md.
 */
public final class Multiaddr {
  /** The longest binary form, in bytes. */
  public static final int BYTES_MAX = 1_024;

  /**
   * The kinds of parts, with their codes and sizes: in bytes, 0 for none, -1 for a length before.
   */
  private enum Kind {
    IP4("ip4", 4, 4),
    TCP("tcp", 6, 2),
    IP6("ip6", 41, 16),
    DNS("dns", 53, -1),
    DNS4("dns4", 54, -1),
    DNS6("dns6", 55, -1),
    DNSADDR("dnsaddr", 56, -1),
    UDP("udp", 273, 2),
    P2P_CIRCUIT("p2p-circuit", 290, 0),
    P2P("p2p", 421, -1),
    QUIC_V1("quic-v1", 461, 0),
    MEMORY("memory", 777, 8);

    final String text;
    final int code;
    final int size;

    Kind(String text, int code, int size) {
      this.text = text;
      this.code = code;
      this.size = size;
    }

    boolean isHost() {
      return this == IP4 || this == IP6 || this == DNS || this == DNS4 || this == DNS6;
    }
  }

  private record Part(Kind kind, String value) {}

  private final List<Part> parts;

  private Multiaddr(List<Part> parts) {
    this.parts = List.copyOf(parts);
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  public static Multiaddr parse(String text) {
    String[] words = text.split("/", -1);
    if (words.length < 2 || !words[0].isEmpty() || text.length() > 2 * BYTES_MAX) {
      throw new IllegalArgumentException(
          "an address starts with / and a protocol, for example /ip4/192.0.2.1/tcp/4301");
    }
    List<Part> parts = new ArrayList<>();
    for (int i = 1; i < words.length; i++) {
      Kind kind = kind(words[i]);
      String value = "";
      if (kind.size != 0) {
        if (++i == words.length || words[i].isEmpty()) {
          throw new IllegalArgumentException("/" + kind.text + " needs a value");
        }
        value = canonical(kind, words[i]);
      }
      parts.add(new Part(kind, value));
    }
    return new Multiaddr(parts);
  }

  /**
   * Reads the binary form.
   *
   * @throws MalformedFrameException if it is cut off, too long or has an unknown part
   */
  public static Multiaddr ofBytes(byte[] bytes) throws MalformedFrameException {
    if (bytes.length == 0 || bytes.length > BYTES_MAX) {
      throw new MalformedFrameException("an address has 1 to " + BYTES_MAX + " bytes");
    }
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    List<Part> parts = new ArrayList<>();
    while (rest.hasRemaining()) {
      int code = Varint.read(rest);
      Kind kind = kind(code);
      int size = kind.size == -1 ? Varint.read(rest) : kind.size;
      if (size < 0 || size > rest.remaining()) {
        throw new MalformedFrameException("an address is cut off");
      }
      byte[] value = new byte[size];
      rest.get(value);
      try {
        parts.add(new Part(kind, kind.size == 0 ? "" : canonical(kind, text(kind, value))));
      } catch (IllegalArgumentException e) {
        throw new MalformedFrameException("an address has a bad " + kind.text + " part");
      }
    }
    return new Multiaddr(parts);
  }

  /** Reads the binary form; empty if this library does not know all of its parts. */
  public static Optional<Multiaddr> read(byte[] bytes) {
    try {
      return Optional.of(ofBytes(bytes));
    } catch (MalformedFrameException e) {
      return Optional.empty();
    }
  }

  /** The TCP address of a socket. */
  public static Multiaddr ofTcp(InetSocketAddress socket) {
    InetAddress address = Objects.requireNonNull(socket.getAddress(), "an unresolved address");
    Kind kind = address instanceof Inet4Address ? Kind.IP4 : Kind.IP6;
    return new Multiaddr(
        List.of(
            new Part(kind, text(kind, address.getAddress())),
            new Part(Kind.TCP, Integer.toString(socket.getPort()))));
  }

  /** The binary form, a fresh copy. */
  public byte[] bytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Part part : parts) {
      Varint.write(bytes, part.kind.code);
      if (part.kind.size == 0) {
        continue;
      }
      byte[] value = binary(part);
      if (part.kind.size == -1) {
        Varint.write(bytes, value.length);
      }
      bytes.writeBytes(value);
    }
    return bytes.toByteArray();
  }

  /** The peer named by a trailing {@code /p2p} part. */
  public Optional<PeerId> peerId() {
    Part last = parts.get(parts.size() - 1);
    return last.kind == Kind.P2P ? Optional.of(PeerId.parse(last.value)) : Optional.empty();
  }

  /** This address without a trailing {@code /p2p} part. */
  public Multiaddr withoutPeerId() {
    return peerId().isEmpty() || parts.size() == 1
        ? this
        : new Multiaddr(parts.subList(0, parts.size() - 1));
  }

  /** This address with the peer as its trailing {@code /p2p} part. */
  public Multiaddr withPeerId(PeerId peer) {
    List<Part> extended = new ArrayList<>(withoutPeerId().parts);
    extended.add(new Part(Kind.P2P, peer.toString()));
    return new Multiaddr(extended);
  }

  /**
   * The host (name or number) and port to connect to by TCP, unresolved; empty if it is no such.
   */
  public Optional<InetSocketAddress> tcp() {
    List<Part> own = withoutPeerId().parts;
    if (own.size() == 2 && own.get(0).kind.isHost() && own.get(1).kind == Kind.TCP) {
      return Optional.of(
          InetSocketAddress.createUnresolved(own.get(0).value, Integer.parseInt(own.get(1).value)));
    }
    return Optional.empty();
  }

  /** The host name that has to be resolved before the address can be dialled by TCP. */
  public Optional<String> hostName() {
    Part first = parts.get(0);
    boolean named = first.kind == Kind.DNS || first.kind == Kind.DNS4 || first.kind == Kind.DNS6;
    return named && tcp().isPresent() ? Optional.of(first.value) : Optional.empty();
  }

  /**
   * This address with a number in the place of its host name; empty if it does not take numbers of
   * that family ({@code /dns4} takes IPv4 only, {@code /dns6} IPv6 only).
   */
  public Optional<Multiaddr> withHost(InetAddress number) {
    Kind family = number instanceof Inet4Address ? Kind.IP4 : Kind.IP6;
    Kind named = parts.get(0).kind;
    if ((named == Kind.DNS4 && family != Kind.IP4) || (named == Kind.DNS6 && family != Kind.IP6)) {
      return Optional.empty();
    }
    int port = tcp().map(InetSocketAddress::getPort).orElse(0);
    List<Part> numbered = new ArrayList<>(ofTcp(new InetSocketAddress(number, port)).parts);
    numbered.addAll(parts.subList(2, parts.size()));
    return Optional.of(new Multiaddr(numbered));
  }

  /** Whether it leads through a relay ({@code /p2p-circuit}). */
  public boolean isCircuit() {
    return parts.stream().anyMatch(part -> part.kind == Kind.P2P_CIRCUIT);
  }

  /** The relay's address, with its peer id if it is named; empty if this is no circuit. */
  public Optional<Multiaddr> relay() {
    for (int i = 1; i < parts.size(); i++) {
      if (parts.get(i).kind == Kind.P2P_CIRCUIT) {
        return Optional.of(new Multiaddr(parts.subList(0, i)));
      }
    }
    return Optional.empty();
  }

  /** The address of whoever has a reservation at this one, which has to name its peer. */
  public Multiaddr withCircuit() {
    List<Part> extended = new ArrayList<>(parts);
    extended.add(new Part(Kind.P2P_CIRCUIT, ""));
    return new Multiaddr(extended);
  }

  /** Whether it leads to the machine it is dialled from. */
  public boolean isLoopback() {
    return tcp()
        .map(InetSocketAddress::getHostString)
        .map(host -> host.equals("::1") || host.startsWith("127."))
        .orElse(false);
  }

  /** The name of an in-process address {@code /memory/N}; empty if it is no such. */
  public Optional<String> memory() {
    return parts.get(0).kind == Kind.MEMORY ? Optional.of(parts.get(0).value) : Optional.empty();
  }

  /** The host name of a {@code /dnsaddr} address; empty if it is no such. */
  public Optional<String> dnsaddr() {
    return parts.get(0).kind == Kind.DNSADDR ? Optional.of(parts.get(0).value) : Optional.empty();
  }

  private static Kind kind(String text) {
    for (Kind kind : Kind.values()) {
      if (kind.text.equals(text) || (kind == Kind.P2P && text.equals("ipfs"))) {
        return kind;
      }
    }
    throw new IllegalArgumentException(
        "unknown address protocol \"" + text.replaceAll("[^\\x21-\\x7e]", "?") + "\"");
  }

  private static Kind kind(int code) throws MalformedFrameException {
    for (Kind kind : Kind.values()) {
      if (kind.code == code) {
        return kind;
      }
    }
    throw new MalformedFrameException("an address has an unknown part");
  }

  /** Checks a value's text and brings it to its one form. */
  private static String canonical(Kind kind, String value) {
    return switch (kind) {
      case IP4, IP6 -> text(kind, ip(kind, value));
      case TCP, UDP -> Integer.toString(port(value));
      case P2P -> PeerId.parse(value).toString();
      case MEMORY -> Long.toUnsignedString(Long.parseUnsignedLong(value));
      default -> name(value);
    };
  }

  private static byte[] binary(Part part) {
    return switch (part.kind) {
      case IP4, IP6 -> ip(part.kind, part.value);
      case TCP, UDP ->
          ByteBuffer.allocate(2).putShort((short) Integer.parseInt(part.value)).array();
      case P2P -> PeerId.parse(part.value).multihash();
      case MEMORY -> ByteBuffer.allocate(8).putLong(Long.parseUnsignedLong(part.value)).array();
      default -> part.value.getBytes(StandardCharsets.UTF_8);
    };
  }

  private static String text(Kind kind, byte[] value) {
    return switch (kind) {
      case IP4, IP6 -> ipText(value);
      case TCP, UDP -> Integer.toString(ByteBuffer.wrap(value).getShort() & 0xffff);
      case P2P -> PeerId.ofMultihash(value).toString();
      case MEMORY -> Long.toUnsignedString(ByteBuffer.wrap(value).getLong());
      default -> new String(value, StandardCharsets.UTF_8);
    };
  }

  private static byte[] ip(Kind kind, String value) {
    boolean numeric =
        kind == Kind.IP4
            ? value.matches("\\d{1,3}(\\.\\d{1,3}){3}")
            : value.matches("[0-9a-fA-F:]+(:\\d{1,3}(\\.\\d{1,3}){3})?") && value.contains(":");
    if (!numeric) {
      throw new IllegalArgumentException("not an " + kind.text + " address");
    }
    try {
      byte[] bytes = InetAddress.getByName(value).getAddress();
      if (bytes.length == kind.size) {
        return bytes;
      }
      // The JDK turns mapped IPv6 addresses into IPv4.
      byte[] mapped = HexFormat.of().parseHex("00000000000000000000ffff00000000");
      System.arraycopy(bytes, 0, mapped, 12, bytes.length);
      return mapped;
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("not an " + kind.text + " address", e);
    }
  }

  private static String ipText(byte[] value) {
    if (value.length == 4) {
      return (value[0] & 0xff)
          + "."
          + (value[1] & 0xff)
          + "."
          + (value[2] & 0xff)
          + "."
          + (value[3] & 0xff);
    }
    ByteBuffer words = ByteBuffer.wrap(value);
    StringBuilder text = new StringBuilder();
    while (words.hasRemaining()) {
      text.append(text.length() == 0 ? "" : ":")
          .append(Integer.toHexString(words.getShort() & 0xffff));
    }
    // The longest run of two or more zero words becomes "::" (RFC 5952, section 4.2).
    String[] all = text.toString().split(":");
    int best = -1;
    int bestLength = 1;
    for (int i = 0; i < all.length; i++) {
      int j = i;
      while (j < all.length && all[j].equals("0")) {
        j++;
      }
      if (j - i > bestLength) {
        best = i;
        bestLength = j - i;
      }
    }
    if (best < 0) {
      return text.toString();
    }
    String head = String.join(":", List.of(all).subList(0, best));
    String tail = String.join(":", List.of(all).subList(best + bestLength, all.length));
    return head + "::" + tail;
  }

  private static int port(String value) {
    if (!value.matches("\\d{1,5}") || Integer.parseInt(value) > 65_535) {
      throw new IllegalArgumentException("a port is a number from 0 to 65535");
    }
    return Integer.parseInt(value);
  }

  private static String name(String value) {
    if (!value.matches("[A-Za-z0-9._-]{1,253}")) {
      throw new IllegalArgumentException("not a host name");
    }
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Multiaddr address && parts.equals(address.parts);
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      text.append('/').append(part.kind.text);
      if (part.kind.size != 0) {
        text.append('/').append(part.value);
      }
    }
    return text.toString();
  }
}
