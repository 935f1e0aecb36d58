package dev.waggle.mesh.libp2p.protocol.mdns;

import dev.waggle.mesh.fuzz.FuzzTarget;
import java.util.List;

/** What a TXT record on the local network holds. */
public final class TxtStringsFuzz implements FuzzTarget {
  @Override
  public void run(byte[] input) {
    TxtStrings.decode(input);
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(TxtStrings.encode(List.of("dnsaddr=/ip4/192.0.2.1/tcp/1", "")));
  }
}
