package dev.waggle.mesh.swarm;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Collections;

/**
 * The networks that this machine itself is attached to; tunnels, which lead elsewhere, are none.
 */
final class LocalNetwork {
  private LocalNetwork() {}

  /** Whether a connection to that address stays within one of them. */
  static boolean includes(Multiaddr remote) {
    if (remote.isCircuit() || remote.tcp().isEmpty() || remote.hostName().isPresent()) {
      return false;
    }
    try {
      // A number: nothing is looked up.
      InetAddress address = InetAddress.getByName(remote.tcp().orElseThrow().getHostString());
      if (address.isLoopbackAddress()) {
        return true;
      }
      for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        if (each.isUp()
            && !each.isPointToPoint()
            && each.getInterfaceAddresses().stream().anyMatch(own -> isBeside(own, address))) {
          return true;
        }
      }
      return false;
    } catch (UnknownHostException | SocketException e) {
      return false;
    }
  }

  /** Whether the address has the prefix of an interface's. */
  static boolean isBeside(InterfaceAddress own, InetAddress address) {
    return shares(own.getAddress(), own.getNetworkPrefixLength(), address);
  }

  static boolean shares(InetAddress own, int prefixBits, InetAddress other) {
    byte[] mine = own.getAddress();
    byte[] theirs = other.getAddress();
    int bits = Byte.SIZE * mine.length;
    if (mine.length != theirs.length || prefixBits <= 0 || prefixBits > bits) {
      return false;
    }
    BigInteger difference = new BigInteger(1, mine).xor(new BigInteger(1, theirs));
    return difference.bitLength() <= bits - prefixBits;
  }
}
