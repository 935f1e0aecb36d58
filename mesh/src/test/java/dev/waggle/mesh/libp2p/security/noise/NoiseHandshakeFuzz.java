package dev.waggle.mesh.libp2p.security.noise;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.X25519KeyPair;
import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.util.Arrays;
import java.util.List;

/** Messages of a handshake, each with its length in two bytes, to both sides. Keys are fixed. */
public final class NoiseHandshakeFuzz implements FuzzTarget {
  private static NoiseHandshake side(int seed, boolean initiator) {
    X25519KeyPair own = new X25519KeyPair(key(seed));
    return new NoiseHandshake(
        NoiseHandshake.payload(Identity.ofSeed(key(seed + 1)), own, List.of("/yamux/1.0.0")),
        own,
        new X25519KeyPair(key(seed + 2)),
        List.of("/yamux/1.0.0"),
        initiator);
  }

  private static byte[] key(int seed) {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) seed);
    return key;
  }

  @Override
  public void run(byte[] input) {
    NoiseHandshake initiator = side(1, true);
    initiator.start();
    feed(side(5, false), input);
    feed(initiator, input);
  }

  private static void feed(NoiseHandshake side, byte[] input) {
    try {
      int at = 0;
      while (at + 2 <= input.length) {
        int length = (input[at] & 0xff) << 8 | (input[at + 1] & 0xff);
        at += 2;
        side.onMessage(Arrays.copyOfRange(input, at, Math.min(input.length, at + length)));
        at += length;
      }
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() throws Exception {
    NoiseHandshake initiator = side(1, true);
    NoiseHandshake responder = side(5, false);
    byte[] first = initiator.start();
    byte[] second = responder.onMessage(first);
    byte[] third = initiator.onMessage(second);
    return List.of(framed(first, third), framed(second));
  }

  private static byte[] framed(byte[]... messages) {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    for (byte[] message : messages) {
      bytes.write(message.length >> 8);
      bytes.write(message.length);
      bytes.writeBytes(message);
    }
    return bytes.toByteArray();
  }
}
