package dev.waggle.coordinator.job;

import java.nio.ByteBuffer;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes proofs of claims, and knows its own again: HMAC-SHA256 over a task and a count of its
 * claims.
 */
final class ClaimSeal {
  static final int KEY_BYTES = 32;

  private static final String ALGORITHM = "HmacSHA256";

  private final SecretKeySpec key;

  ClaimSeal(byte[] key) {
    this.key = new SecretKeySpec(key, ALGORITHM);
  }

  static byte[] newKey() {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    return key;
  }

  String of(long task, int fence) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      byte[] text =
          ByteBuffer.allocate(Long.BYTES + Integer.BYTES).putLong(task).putInt(fence).array();
      return HexFormat.of().formatHex(mac.doFinal(text));
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new AssertionError("every JDK has " + ALGORITHM, e);
    }
  }

  boolean isOf(Claim.Proof proof) {
    byte[] expected = bytes(of(proof.task(), proof.fence()));
    return MessageDigest.isEqual(expected, bytes(proof.seal()));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }
}
