package dev.waggle.crypto;

import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.Signature;
import java.util.Optional;
import javax.crypto.Cipher;
import org.conscrypt.Conscrypt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * BoringSSL through Conscrypt, where this machine can load it: the same X25519 in a third of the
 * time, the same Ed25519 signatures in half of it, and before JDK 20 the same ChaCha20-Poly1305 in
 * an eighth.
 *
 * <p>Only for what every implementation answers alike. Signatures are checked by one implementation
 * everywhere: two may differ on crafted ones, and then members would disagree on what is signed.
 *
 * <p>Not registered with {@link java.security.Security}; whoever wants it names it. {@code
 * -Dwaggle.crypto=java} leaves it out. Thread-safe.
 */
public final class NativeCrypto {
  private static final Logger log = LoggerFactory.getLogger(NativeCrypto.class);
  private static final String PROPERTY = "waggle.crypto";
  private static final String WITHOUT = "java";
  private static final Optional<Provider> PROVIDER = load();

  private NativeCrypto() {}

  /** The provider, or empty where there is none for this machine or the user wants none. */
  public static Optional<Provider> provider() {
    return PROVIDER;
  }

  private static Optional<Provider> load() {
    if (WITHOUT.equals(System.getProperty(PROPERTY))) {
      return Optional.empty();
    }
    try {
      Provider provider = Conscrypt.newProviderBuilder().build();
      Cipher unusedCipher = Cipher.getInstance("ChaCha20-Poly1305", provider);
      Signature unusedSignature = Signature.getInstance("EdDSA", provider);
      return Optional.of(provider);
    } catch (LinkageError | GeneralSecurityException | RuntimeException e) {
      log.info("no native cryptography on this machine, Java's is used: {}", e.toString());
      return Optional.empty();
    }
  }
}
