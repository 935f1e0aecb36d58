package dev.waggle.crypto;

import com.google.crypto.tink.subtle.AesGcmJce;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.PasswordConverter;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Secrets under a passphrase: Argon2id (RFC 9106, its second recommendation: 64 MiB, 3 passes, 4
 * lanes) gives the key of an AES-256-GCM, which covers the parameters and the purpose, too.
 *
 * <p>Two lines of text: the parameters, and the ciphertext in Base64. Sealing and opening take a
 * good part of a second, on purpose.
 */
final class PassphraseBox {
  private static final String NAME = "waggle-locked-1";
  private static final Pattern FORM =
      Pattern.compile(
          "("
              + NAME
              + " argon2id m=([0-9]{1,7}) t=([0-9]{1,2}) p=([0-9]{1,2}) salt=([A-Za-z0-9+/]{22}==))"
              + "\n([A-Za-z0-9+/]+={0,2})\n");
  private static final int MEMORY_KIB = 64 << 10;
  private static final int PASSES = 3;
  private static final int LANES = 4;
  private static final int SALT_BYTES = 16;
  private static final int KEY_BYTES = 32;
  // What a file may ask of the machine that opens it.
  private static final int MEMORY_KIB_MAX = 1 << 20;
  private static final int PASSES_MAX = 16;
  private static final int LANES_MAX = 16;

  private PassphraseBox() {}

  /** Whether the bytes begin like a box; they may still be damaged. */
  static boolean isOne(byte[] bytes) {
    return text(bytes).startsWith(NAME);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /**
   * Seals a secret.
   *
   * @param purpose what it is; a box of one purpose does not open as another's
   */
  static byte[] seal(byte[] secret, char[] passphrase, String purpose, SecureRandom random) {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    String parameters =
        NAME
            + " argon2id m="
            + MEMORY_KIB
            + " t="
            + PASSES
            + " p="
            + LANES
            + " salt="
            + Base64.getEncoder().encodeToString(salt);
    byte[] key = key(passphrase, salt, MEMORY_KIB, PASSES, LANES);
    try {
      byte[] sealed = new AesGcmJce(key).encrypt(secret, associated(parameters, purpose));
      return (parameters + "\n" + Base64.getEncoder().encodeToString(sealed) + "\n")
          .getBytes(StandardCharsets.US_ASCII);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has AES-GCM", e);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  /**
   * Opens a box.
   *
   * @param what its name for people
   * @throws SecretsException if it is damaged, or the passphrase is another
   */
  static byte[] open(byte[] box, char[] passphrase, String purpose, String what)
      throws SecretsException {
    Matcher form = FORM.matcher(text(box));
    if (!form.matches()) {
      throw new SecretsException(what + " is damaged (restore it)");
    }
    int memory = Integer.parseInt(form.group(2));
    int passes = Integer.parseInt(form.group(3));
    int lanes = Integer.parseInt(form.group(4));
    boolean bearable =
        memory <= MEMORY_KIB_MAX
            && passes >= 1
            && passes <= PASSES_MAX
            && lanes >= 1
            && lanes <= LANES_MAX
            && memory >= 8 * lanes;
    if (!bearable) {
      throw new SecretsException(what + " asks for more work than this version does (restore it)");
    }
    byte[] key = key(passphrase, Base64.getDecoder().decode(form.group(5)), memory, passes, lanes);
    try {
      return new AesGcmJce(key)
          .decrypt(Base64.getDecoder().decode(form.group(6)), associated(form.group(1), purpose));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new SecretsException(
          what + " does not open: the passphrase is wrong, or the file is damaged", e);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private static byte[] associated(String parameters, String purpose) {
    return (parameters + "\n" + purpose).getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] key(char[] passphrase, byte[] salt, int memory, int passes, int lanes) {
    Argon2BytesGenerator generator = new Argon2BytesGenerator();
    generator.init(
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withMemoryAsKB(memory)
            .withIterations(passes)
            .withParallelism(lanes)
            .withSalt(salt)
            .withCharToByteConverter(PasswordConverter.UTF8)
            .build());
    byte[] key = new byte[KEY_BYTES];
    int unused = generator.generateBytes(passphrase, key);
    return key;
  }
}
