package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalNetworkTest {
  @ParameterizedTest
  @CsvSource({
    "192.168.1.7, 24, 192.168.1.200, true",
    "192.168.1.7, 24, 192.168.2.7, false",
    "10.1.2.3, 20, 10.1.15.255, true",
    "10.1.2.3, 20, 10.1.16.0, false",
    "10.1.2.3, 32, 10.1.2.4, false",
    "10.1.2.3, 0, 10.1.2.4, false",
    "fd00::1, 64, fd00::ffff, true",
    "fd00::1, 64, fd00:0:0:1::1, false",
    "fd00::1, 64, 10.1.2.3, false"
  })
  void address_isBesideAnother_withinItsPrefix(String own, int bits, String other, boolean beside)
      throws Exception {
    assertThat(LocalNetwork.shares(InetAddress.getByName(own), bits, InetAddress.getByName(other)))
        .isEqualTo(beside);
  }

  @Test
  void relaysAndFarAddresses_areNotLocal_loopbackIs() {
    String id = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
    assertThat(LocalNetwork.includes(Multiaddr.parse("/ip4/127.0.0.1/tcp/1"))).isTrue();
    // TEST-NET-3, which no machine is attached to.
    assertThat(LocalNetwork.includes(Multiaddr.parse("/ip4/203.0.113.9/tcp/1"))).isFalse();
    assertThat(
            LocalNetwork.includes(
                Multiaddr.parse("/ip4/127.0.0.1/tcp/1/p2p/" + id + "/p2p-circuit")))
        .isFalse();
    assertThat(LocalNetwork.includes(Multiaddr.parse("/dns4/localhost/tcp/1"))).isFalse();
  }
}
