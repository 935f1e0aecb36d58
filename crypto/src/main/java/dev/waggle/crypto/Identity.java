package dev.waggle.crypto;

import java.security.SecureRandom;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * An Ed25519 key pair: what makes a node that node, or a swarm that swarm.
 *
 * <p>Immutable and safe for use by many threads. {@link #toString} never shows the secret.
 */
public final class Identity {
  /** Length of the secret seed in bytes (RFC 8032, section 5.1.5). */
  public static final int SEED_BYTES = 32;

  private final byte[] seed;
  private final byte[] publicKey;
  private final PeerId peerId;

  private Identity(byte[] seed) {
    if (seed.length != SEED_BYTES) {
      throw new IllegalArgumentException("an Ed25519 seed has 32 bytes, not " + seed.length);
    }
    this.seed = seed;
    this.publicKey = new byte[Ed25519.PUBLIC_KEY_SIZE];
    Ed25519.generatePublicKey(seed, 0, publicKey, 0);
    this.peerId = PeerId.ofPublicKey(publicKey);
  }

  /** A new identity from the given source of randomness. */
  public static Identity generate(SecureRandom random) {
    byte[] seed = new byte[SEED_BYTES];
    random.nextBytes(seed);
    return new Identity(seed);
  }

  /** The identity of a 32-byte seed, which is copied. */
  public static Identity ofSeed(byte[] seed) {
    return new Identity(seed.clone());
  }

  /** The public name of this identity. */
  public PeerId peerId() {
    return peerId;
  }

  /** The 64-byte signature over the message (RFC 8032, pure Ed25519; about 30 us). */
  public byte[] sign(byte[] message) {
    byte[] signature = new byte[Ed25519.SIGNATURE_SIZE];
    Ed25519.sign(seed, 0, publicKey, 0, null, message, 0, message.length, signature, 0);
    return signature;
  }

  /** The secret, for {@link IdentityStore} alone. */
  byte[] seed() {
    return seed.clone();
  }

  @Override
  public String toString() {
    return "Identity(" + peerId + ")";
  }
}
