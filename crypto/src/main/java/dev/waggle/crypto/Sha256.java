package dev.waggle.crypto;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 (FIPS 180-4), which every JDK has. */
public final class Sha256 {
  // To make a digest takes longer than to hash something short.
  private static final ThreadLocal<MessageDigest> DIGEST = ThreadLocal.withInitial(Sha256::begin);

  private Sha256() {}

  /** A digest that is still empty, for what comes in pieces. */
  public static MessageDigest begin() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  /** The hash of some bytes after each other; 32 bytes. */
  public static byte[] of(byte[]... parts) {
    MessageDigest digest = DIGEST.get();
    try {
      for (byte[] each : parts) {
        digest.update(each);
      }
      return digest.digest();
    } finally {
      digest.reset(); // What it read may be a secret.
    }
  }
}
