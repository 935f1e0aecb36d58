package dev.waggle.crypto;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.Provider;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import javax.crypto.AEADBadTagException;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.hpke.HPKEContext;
import org.bouncycastle.crypto.hpke.HPKEContextWithEncapsulation;
import org.bouncycastle.crypto.params.X25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.X25519PublicKeyParameters;
import org.conscrypt.HpkeContextRecipient;
import org.conscrypt.HpkeContextSender;
import org.jspecify.annotations.Nullable;

/**
 * HPKE in base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, one
 * message a context, and a secret exported beside it. By BoringSSL where this machine has it, else
 * by BouncyCastle; each opens what the other sealed. Thread-safe.
 */
final class Hpke {
  private static final String SUITE = "DHKEM_X25519_HKDF_SHA256/HKDF_SHA256/AES_256_GCM";
  private static final String CURVE = "XDH";

  /** What sealing yields. */
  record Sealed(byte[] encapsulation, byte[] ciphertext, byte[] exported) {}

  /** What opening yields. */
  record Opened(byte[] plaintext, byte[] exported) {}

  /**
   * What both sides know.
   *
   * @param exportBytes how long the exported secret is
   */
  record Terms(byte[] info, byte[] exportLabel, int exportBytes) {}

  private final @Nullable Provider provider;

  /**
   * @param provider has the suite, else BouncyCastle is used
   */
  Hpke(@Nullable Provider provider) {
    this.provider = provider;
  }

  /** The fastest that this machine has. */
  static Hpke best() {
    return new Hpke(NativeCrypto.provider().orElse(null));
  }

  /**
   * Seals to a public key.
   *
   * @throws GeneralSecurityException if the key is not usable
   */
  Sealed seal(byte[] publicKey, Terms terms, byte[] associated, byte[] plaintext)
      throws GeneralSecurityException {
    if (provider == null) {
      return sealFrom(null, publicKey, terms, associated, plaintext);
    }
    HpkeContextSender context = HpkeContextSender.getInstance(SUITE, provider);
    try {
      context.init(
          KeyFactory.getInstance(CURVE, provider)
              .generatePublic(new X509EncodedKeySpec(X25519KeyPair.x509(publicKey))),
          terms.info());
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new InvalidKeyException("no key to seal to", e);
    }
    return new Sealed(
        context.getEncapsulated(),
        context.seal(plaintext, associated),
        context.export(terms.exportBytes(), terms.exportLabel()));
  }

  /** The same by BouncyCastle, for vectors with a fixed ephemeral secret. */
  static Sealed sealFrom(
      byte @Nullable [] ephemeral,
      byte[] publicKey,
      Terms terms,
      byte[] associated,
      byte[] plaintext)
      throws GeneralSecurityException {
    try {
      X25519PublicKeyParameters recipient = new X25519PublicKeyParameters(publicKey, 0);
      HPKEContextWithEncapsulation context =
          ephemeral == null
              ? bouncyCastle().setupBaseS(recipient, terms.info())
              : bouncyCastle().setupBaseS(recipient, terms.info(), pair(ephemeral));
      return new Sealed(
          context.getEncapsulation(),
          context.seal(associated, plaintext),
          context.export(terms.exportLabel(), terms.exportBytes()));
    } catch (InvalidCipherTextException | IllegalStateException | IllegalArgumentException e) {
      throw new InvalidKeyException("no key to seal to", e);
    }
  }

  /**
   * Opens with a secret key.
   *
   * @throws GeneralSecurityException if it was sealed to another, or changed
   */
  Opened open(
      byte[] secretKey, Terms terms, byte[] encapsulation, byte[] associated, byte[] ciphertext)
      throws GeneralSecurityException {
    try {
      if (provider == null) {
        // Null as public key: a given one is believed even when it is another's.
        HPKE hpke = bouncyCastle();
        HPKEContext context =
            hpke.setupBaseR(
                encapsulation, hpke.deserializePrivateKey(secretKey, null), terms.info());
        return new Opened(
            context.open(associated, ciphertext),
            context.export(terms.exportLabel(), terms.exportBytes()));
      }
      HpkeContextRecipient context = HpkeContextRecipient.getInstance(SUITE, provider);
      context.init(
          encapsulation,
          KeyFactory.getInstance(CURVE, provider)
              .generatePrivate(new PKCS8EncodedKeySpec(X25519KeyPair.pkcs8(secretKey))),
          terms.info());
      return new Opened(
          context.open(ciphertext, associated),
          context.export(terms.exportBytes(), terms.exportLabel()));
    } catch (InvalidCipherTextException | IllegalStateException | IllegalArgumentException e) {
      // Hostile encapsulated keys surface as unchecked exceptions; all mean the same here.
      throw (GeneralSecurityException) new AEADBadTagException("it does not open").initCause(e);
    }
  }

  private static HPKE bouncyCastle() {
    // Not thread-safe, so one for each operation.
    return new HPKE(
        HPKE.mode_base, HPKE.kem_X25519_SHA256, HPKE.kdf_HKDF_SHA256, HPKE.aead_AES_GCM256);
  }

  private static AsymmetricCipherKeyPair pair(byte[] secret) {
    X25519PrivateKeyParameters key = new X25519PrivateKeyParameters(secret, 0);
    return new AsymmetricCipherKeyPair(key.generatePublicKey(), key);
  }
}
