package dev.waggle.crypto;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import javax.crypto.KeyAgreement;
import org.bouncycastle.math.ec.rfc7748.X25519;
import org.jspecify.annotations.Nullable;

/** An X25519 key pair (RFC 7748). Thread-safe. */
public final class X25519KeyPair {
  /** Length of either key, and of what two of them agree on, in bytes. */
  public static final int KEY_BYTES = X25519.POINT_SIZE;

  private static final String ALGORITHM = "XDH";
  // RFC 8410: the algorithm's name in front of the raw key.
  private static final byte[] PKCS8 = HexFormat.of().parseHex("302e020100300506032b656e04220420");
  private static final byte[] X509 = HexFormat.of().parseHex("302a300506032b656e032100");

  private final byte[] secret;
  private final byte[] publicKey = new byte[KEY_BYTES];
  private final @Nullable Native fast;

  /** The pair of a secret, which is copied. */
  public X25519KeyPair(byte[] secret) {
    this(secret, NativeCrypto.provider().orElse(null));
  }

  /**
   * @param provider has X25519, else BouncyCastle's is used
   */
  X25519KeyPair(byte[] secret, @Nullable Provider provider) {
    this.secret = secret.clone();
    X25519.generatePublicKey(this.secret, 0, publicKey, 0);
    this.fast = provider == null ? null : new Native(this.secret, provider);
  }

  /** A new pair from the given source of randomness. */
  public static X25519KeyPair generate(SecureRandom random) {
    byte[] secret = new byte[KEY_BYTES];
    X25519.generatePrivateKey(random, secret);
    return new X25519KeyPair(secret);
  }

  /** The public key, a fresh copy. */
  public byte[] publicKey() {
    return publicKey.clone();
  }

  /**
   * The shared secret with another's public key.
   *
   * @throws InvalidKeyException if that key is of low order, so the secret would be known to all
   */
  public byte[] agree(byte[] other) throws InvalidKeyException {
    if (other.length != KEY_BYTES) {
      throw new InvalidKeyException("an X25519 public key has 32 bytes, not " + other.length);
    }
    if (fast != null) {
      return fast.agree(other);
    }
    byte[] shared = new byte[KEY_BYTES];
    if (!X25519.calculateAgreement(secret, 0, other, 0, shared, 0)) {
      throw lowOrder();
    }
    return shared;
  }

  private static InvalidKeyException lowOrder() {
    return new InvalidKeyException("a public key of low order");
  }

  /** A secret key as Java's security interfaces take it. */
  static byte[] pkcs8(byte[] secret) {
    return concat(PKCS8, secret);
  }

  /** A public key as Java's security interfaces take it. */
  static byte[] x509(byte[] publicKey) {
    return concat(X509, publicKey);
  }

  /** A raw key behind its algorithm's name. */
  static byte[] concat(byte[] prefix, byte[] key) {
    return ByteBuffer.allocate(prefix.length + KEY_BYTES).put(prefix).put(key).array();
  }

  /** The same by a provider of Java's security interfaces. */
  private static final class Native {
    private final Provider provider;
    private final KeyFactory keys;
    private final PrivateKey secret;

    Native(byte[] secret, Provider provider) {
      this.provider = provider;
      try {
        this.keys = KeyFactory.getInstance(ALGORITHM, provider);
        this.secret = keys.generatePrivate(new PKCS8EncodedKeySpec(pkcs8(secret)));
      } catch (GeneralSecurityException e) {
        throw new AssertionError("any 32 bytes are a secret", e);
      }
    }

    byte[] agree(byte[] other) throws InvalidKeyException {
      try {
        KeyAgreement agreement = KeyAgreement.getInstance(ALGORITHM, provider);
        agreement.init(secret);
        agreement.doPhase(keys.generatePublic(new X509EncodedKeySpec(x509(other))), true);
        return agreement.generateSecret();
      } catch (InvalidKeyException e) {
        // The only reason there can be for 32 bytes.
        throw lowOrder();
      } catch (GeneralSecurityException e) {
        throw new AssertionError("any 32 bytes are a public key", e);
      }
    }
  }
}
