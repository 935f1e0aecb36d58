package dev.waggle.crypto;

import com.google.crypto.tink.Aead;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Optional;

/**
 * Seals what a node keeps on its own disk, with the key that its secrets have there (AES-256-GCM).
 * What was sealed opens under the name that it was sealed under, and only as long as not one bit of
 * it is another. Thread-safe.
 */
public final class DiskSeal {
  private static final String DOMAIN = "waggle-disk-1 ";

  private final Aead aead;

  DiskSeal(Aead aead) {
    this.aead = aead;
  }

  /** Seals bytes under a name, which stays readable. */
  public byte[] seal(byte[] content, String name) {
    try {
      return aead.encrypt(content, associated(name));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has AES-GCM", e);
    }
  }

  /**
   * Opens what was sealed under that name; empty if it is damaged, was sealed under another name,
   * or with a key that was replaced more than once since.
   */
  public Optional<byte[]> open(byte[] sealed, String name) {
    try {
      return Optional.of(aead.decrypt(sealed, associated(name)));
    } catch (GeneralSecurityException e) {
      return Optional.empty();
    }
  }

  private static byte[] associated(String name) {
    return (DOMAIN + name).getBytes(StandardCharsets.UTF_8);
  }
}
