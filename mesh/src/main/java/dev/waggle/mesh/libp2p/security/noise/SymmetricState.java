package dev.waggle.mesh.libp2p.security.noise;

import dev.waggle.crypto.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** The hash and key that both sides of a handshake grow in step (Noise specification, 5.2). */
final class SymmetricState {
  // Exactly as long as a hash, so it is the first hash itself.
  private static final byte[] PROTOCOL_NAME =
      "Noise_XX_25519_ChaChaPoly_SHA256".getBytes(StandardCharsets.US_ASCII);

  private final MessageDigest digest = Sha256.begin();
  private final Mac mac = hmacSha256();
  private byte[] hash = PROTOCOL_NAME.clone();
  private byte[] chainingKey = PROTOCOL_NAME.clone();
  private @Nullable CipherState cipher;

  /**
   * @param prologue what both sides agreed on before; libp2p has none
   */
  SymmetricState(byte[] prologue) {
    mixHash(prologue);
  }

  /** The hash so far: at the end, the same on both sides and on no other connection. */
  byte[] hash() {
    return hash.clone();
  }

  void mixHash(byte[] data) {
    digest.update(hash);
    hash = digest.digest(data);
  }

  private static Mac hmacSha256() {
    try {
      return Mac.getInstance("HmacSHA256");
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has HmacSHA256", e);
    }
  }

  void mixKey(byte[] inputKey) {
    byte[][] keys = expand(chainingKey, inputKey);
    chainingKey = keys[0];
    cipher = new CipherState(keys[1]);
  }

  byte[] encryptAndHash(byte[] plaintext) {
    byte[] out = cipher == null ? plaintext : cipher.encrypt(hash, plaintext);
    mixHash(out);
    return out;
  }

  byte[] decryptAndHash(byte[] ciphertext) throws AEADBadTagException {
    byte[] out = cipher == null ? ciphertext : cipher.decrypt(hash, ciphertext);
    mixHash(ciphertext);
    return out;
  }

  /** The two transport ciphers: the initiator's to send with, then the responder's. */
  CipherState[] split() {
    byte[][] keys = expand(chainingKey, new byte[0]);
    Arrays.fill(chainingKey, (byte) 0);
    return new CipherState[] {new CipherState(keys[0]), new CipherState(keys[1])};
  }

  /** HKDF with two outputs (Noise specification, 4.3). */
  private byte[][] expand(byte[] key, byte[] input) {
    byte[] temporary = hmac(key, input);
    byte[] first = hmac(temporary, new byte[] {1});
    byte[] more = Arrays.copyOf(first, first.length + 1);
    more[first.length] = 2;
    return new byte[][] {first, hmac(temporary, more)};
  }

  private byte[] hmac(byte[] key, byte[] data) {
    try {
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(data);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("any bytes are an HMAC key", e);
    }
  }
}
