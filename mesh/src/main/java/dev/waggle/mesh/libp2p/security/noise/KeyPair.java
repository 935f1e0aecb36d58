package dev.waggle.mesh.libp2p.security.noise;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.security.SecureRandom;
import org.bouncycastle.math.ec.rfc7748.X25519;

/** An X25519 key pair. */
final class KeyPair {
  static final int KEY_BYTES = 32;

  private final byte[] secret;
  private final byte[] publicKey = new byte[KEY_BYTES];

  KeyPair(byte[] secret) {
    this.secret = secret.clone();
    X25519.generatePublicKey(this.secret, 0, publicKey, 0);
  }

  static KeyPair generate(SecureRandom random) {
    byte[] secret = new byte[KEY_BYTES];
    X25519.generatePrivateKey(random, secret);
    return new KeyPair(secret);
  }

  byte[] publicKey() {
    return publicKey.clone();
  }

  /**
   * The shared secret with another's public key.
   *
   * @throws MalformedFrameException if that key is of low order, so the secret would be known to
   *     all
   */
  byte[] agree(byte[] other) throws MalformedFrameException {
    byte[] shared = new byte[KEY_BYTES];
    if (!X25519.calculateAgreement(secret, 0, other, 0, shared, 0)) {
      throw new MalformedFrameException("a low-order public key");
    }
    return shared;
  }
}
