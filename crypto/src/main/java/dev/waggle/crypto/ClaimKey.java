package dev.waggle.crypto;

import java.security.SecureRandom;
import java.util.Arrays;
import org.bouncycastle.math.ec.rfc7748.X25519;

/**
 * An X25519 key pair made for one claim and erased with it, so that a task sealed to it cannot be
 * opened later, even with the node's identity in hand.
 *
 * <p>Not thread-safe; owned by whoever serves the claim.
 */
public final class ClaimKey implements AutoCloseable {
  /** Length of the public key in bytes (RFC 7748). */
  public static final int PUBLIC_KEY_BYTES = X25519.POINT_SIZE;

  private final byte[] privateKey;
  private final byte[] publicKey = new byte[PUBLIC_KEY_BYTES];
  private boolean erased;

  private ClaimKey(byte[] privateKey) {
    this.privateKey = privateKey;
    X25519.generatePublicKey(privateKey, 0, publicKey, 0);
  }

  /** A new key pair from the given source of randomness. */
  public static ClaimKey generate(SecureRandom random) {
    byte[] privateKey = new byte[X25519.SCALAR_SIZE];
    X25519.generatePrivateKey(random, privateKey);
    return new ClaimKey(privateKey);
  }

  /** For vectors: the key pair of a fixed secret. */
  static ClaimKey ofPrivateKey(byte[] privateKey) {
    return new ClaimKey(privateKey.clone());
  }

  /** The public key, a fresh copy of {@value #PUBLIC_KEY_BYTES} bytes. */
  public byte[] publicKey() {
    return publicKey.clone();
  }

  byte[] privateKey() throws EnvelopeException {
    if (erased) {
      throw new EnvelopeException("the claim's key is erased");
    }
    return privateKey;
  }

  /** Erases the secret. Idempotent. */
  @Override
  public void close() {
    erased = true;
    Arrays.fill(privateKey, (byte) 0);
  }
}
