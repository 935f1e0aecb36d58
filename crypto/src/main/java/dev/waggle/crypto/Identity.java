package dev.waggle.crypto;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.HexFormat;
import java.util.Optional;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.jspecify.annotations.Nullable;

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
  private volatile @Nullable Native fast;

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

  /**
   * The 64-byte signature over the message (RFC 8032, pure Ed25519; 15 to 35 us). Whatever makes
   * it, it is the same.
   */
  public byte[] sign(byte[] message) {
    return sign(message, NativeCrypto.provider());
  }

  /**
   * @param provider has Ed25519, else BouncyCastle's is used
   */
  byte[] sign(byte[] message, Optional<Provider> provider) {
    if (provider.isPresent()) {
      Native now = fast;
      if (now == null) {
        now = new Native(seed, provider.get());
        fast = now;
      }
      return now.sign(message);
    }
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

  /** The same by a provider of Java's security interfaces. */
  private static final class Native {
    private static final String ALGORITHM = "EdDSA";
    // RFC 8410: the algorithm's name in front of the raw key.
    private static final byte[] PKCS8 = HexFormat.of().parseHex("302e020100300506032b657004220420");

    private final Provider provider;
    private final PrivateKey secret;

    Native(byte[] seed, Provider provider) {
      this.provider = provider;
      byte[] encoded = X25519KeyPair.concat(PKCS8, seed);
      try {
        this.secret =
            KeyFactory.getInstance(ALGORITHM, provider)
                .generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (GeneralSecurityException e) {
        throw new AssertionError("any 32 bytes are a seed", e);
      }
    }

    byte[] sign(byte[] message) {
      try {
        Signature signature = Signature.getInstance(ALGORITHM, provider);
        signature.initSign(secret);
        signature.update(message);
        return signature.sign();
      } catch (GeneralSecurityException e) {
        throw new AssertionError("any message can be signed", e);
      }
    }
  }
}
