package dev.waggle.mesh.libp2p.security.noise;

import dev.waggle.crypto.NativeCrypto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.Provider;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * ChaCha20-Poly1305 under one key with a counted nonce (Noise specification, sections 5.1 and
 * 12.3).
 *
 * <p>Heap arrays throughout: the JDK is fastest with them. Not thread-safe.
 */
final class CipherState {
  static final int TAG_BYTES = 16;

  private static final String ALGORITHM = "ChaCha20-Poly1305";

  /** Looked up once: the search through all providers costs more than a small message. */
  private static final Provider PROVIDER = provider();

  private final SecretKeySpec key;
  private final Cipher cipher;
  private long nonce;

  CipherState(byte[] key) {
    this.key = new SecretKeySpec(key, "ChaCha20");
    try {
      this.cipher = Cipher.getInstance(ALGORITHM, PROVIDER);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has ChaCha20-Poly1305", e);
    }
  }

  private static Provider provider() {
    if (NativeCrypto.provider().isPresent()) {
      return NativeCrypto.provider().get();
    }
    try {
      return Cipher.getInstance(ALGORITHM).getProvider();
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has ChaCha20-Poly1305", e);
    }
  }

  /** Encrypts into {@code out} at {@code outOffset}; returns how many bytes that took. */
  int encrypt(byte[] associated, byte[] in, int offset, int length, byte[] out, int outOffset) {
    try {
      init(Cipher.ENCRYPT_MODE, associated);
      return cipher.doFinal(in, offset, length, out, outOffset);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("encryption of valid input cannot fail", e);
    }
  }

  byte[] encrypt(byte[] associated, byte[] plaintext) {
    byte[] out = new byte[plaintext.length + TAG_BYTES];
    int unused = encrypt(associated, plaintext, 0, plaintext.length, out, 0);
    return out;
  }

  /**
   * Decrypts.
   *
   * @throws AEADBadTagException if the bytes were changed or the key is another
   */
  byte[] decrypt(byte[] associated, byte[] ciphertext) throws AEADBadTagException {
    if (ciphertext.length < TAG_BYTES) {
      throw new AEADBadTagException("shorter than a tag");
    }
    try {
      init(Cipher.DECRYPT_MODE, associated);
      return cipher.doFinal(ciphertext);
    } catch (AEADBadTagException e) {
      throw e;
    } catch (GeneralSecurityException e) {
      throw new AssertionError("decryption can only fail at its tag", e);
    }
  }

  private void init(int mode, byte[] associated) throws GeneralSecurityException {
    if (nonce == -1L) {
      throw new IllegalStateException("the nonces of this key are used up");
    }
    byte[] iv =
        ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putInt(0).putLong(nonce++).array();
    cipher.init(mode, key, new IvParameterSpec(iv));
    if (associated.length > 0) {
      cipher.updateAAD(associated);
    }
  }
}
