package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.KeepId;
import java.nio.ByteBuffer;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes proofs of claims, and knows its own again: HMAC-SHA256 over a task and a count of its
 * claims.
 */
final class ClaimSeal {
  static final int KEY_BYTES = 32;

  private static final byte CLAIM = 0;
  private static final byte KEEP = 1;
  private static final int KEEP_BYTES = 16;

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
    return HexFormat.of().formatHex(mac(CLAIM, task, fence, ""));
  }

  /**
   * Under which name workers keep what an attempt at a task comes to; nobody else can know it.
   *
   * @param step of the attempt; empty when it has none
   */
  KeepId keep(long task, int attempt, String step) {
    byte[] name = Arrays.copyOf(mac(KEEP, task, attempt, step), KEEP_BYTES);
    return new KeepId(HexFormat.of().formatHex(name));
  }

  private byte[] mac(byte what, long task, int count, String step) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      byte[] text =
          ByteBuffer.allocate(1 + Long.BYTES + Integer.BYTES)
              .put(what)
              .putLong(task)
              .putInt(count)
              .array();
      mac.update(text);
      return mac.doFinal(bytes(step));
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
