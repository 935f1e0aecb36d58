package dev.waggle.mesh.libp2p.multiformat;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Addresses and peer ids, as bytes and as text: what is read is written the same again. */
public final class MultiaddrFuzz implements FuzzTarget {
  private static final String PEER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
  private static final List<String> TEXTS =
      List.of(
          "/ip4/192.0.2.1/tcp/4301/p2p/" + PEER,
          "/ip6/2001:db8::1/tcp/1/p2p/" + PEER + "/p2p-circuit/p2p/" + PEER,
          "/dns4/example.org/udp/4301/quic-v1",
          "/memory/7");

  @Override
  public void run(byte[] input) {
    Multiaddr.read(input)
        .ifPresent(address -> require(Multiaddr.read(address.bytes()).orElseThrow(), address));
    String text = new String(input, StandardCharsets.UTF_8);
    try {
      Multiaddr address = Multiaddr.parse(text);
      require(Multiaddr.parse(address.toString()), address);
      require(Multiaddr.read(address.bytes()).orElse(address), address);
      address.tcp();
      address.relay();
    } catch (IllegalArgumentException e) {
      // It says what is wrong.
    }
    try {
      PeerId peer = PeerId.parse(text);
      require(PeerId.parse(peer.toString()), peer);
    } catch (IllegalArgumentException e) {
      // It says what is wrong.
    }
  }

  private static void require(Object read, Object written) {
    if (!read.equals(written)) {
      throw new IllegalStateException(read + " is not " + written);
    }
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new java.util.ArrayList<>();
    for (String text : TEXTS) {
      seeds.add(text.getBytes(StandardCharsets.UTF_8));
      seeds.add(Multiaddr.parse(text).bytes());
    }
    seeds.add(PEER.getBytes(StandardCharsets.UTF_8));
    return seeds;
  }
}
