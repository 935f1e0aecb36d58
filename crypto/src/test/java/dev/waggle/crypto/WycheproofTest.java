package dev.waggle.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.Provider;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.DataLengthException;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.HKDFParameters;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** Project Wycheproof's vectors on every primitive that Waggle uses, in each implementation. */
class WycheproofTest {
  private static final byte[] NO_SECRET = new byte[32];

  /** One case of a file, with its group's fields. */
  private record Vector(JsonNode group, JsonNode test) {
    byte[] bytes(String field) {
      return HexFormat.of().parseHex(test.path(field).asText());
    }

    boolean isValid() {
      return test.path("result").asText().equals("valid");
    }

    @Override
    public String toString() {
      return "vector " + test.path("tcId") + " " + test.path("comment").asText();
    }
  }

  private interface Opening {
    byte[] open() throws GeneralSecurityException;
  }

  @Test
  void x25519_ofBouncyCastle() throws Exception {
    x25519(null);
  }

  @Test
  @EnabledIf("dev.waggle.crypto.WycheproofTest#isNative")
  void x25519_native() throws Exception {
    x25519(NativeCrypto.provider().orElseThrow());
  }

  private static void x25519(@Nullable Provider provider) throws Exception {
    for (Vector vector : vectors("x25519", 518)) {
      X25519KeyPair pair = new X25519KeyPair(vector.bytes("private"), provider);
      byte[] shared = vector.bytes("shared");
      if (Arrays.equals(shared, NO_SECRET)) {
        assertThatThrownBy(() -> pair.agree(vector.bytes("public")))
            .as(vector.toString())
            .isInstanceOf(InvalidKeyException.class)
            .hasMessageContaining("low order");
      } else {
        assertThat(pair.agree(vector.bytes("public"))).as(vector.toString()).isEqualTo(shared);
      }
    }
  }

  @Test
  @EnabledIf("dev.waggle.crypto.WycheproofTest#isNative")
  void signatures_areTheSame_whateverMakesThem() {
    SecureRandom random = new SecureRandom();
    for (int length = 0; length < 300; length++) {
      Identity identity = Identity.generate(random);
      byte[] message = new byte[length];
      random.nextBytes(message);
      byte[] signature = identity.sign(message, Optional.empty());
      assertThat(identity.sign(message, NativeCrypto.provider())).isEqualTo(signature);
      assertThat(identity.sign(message)).isEqualTo(signature);
      assertThat(identity.peerId().verify(message, signature)).isTrue();
    }
  }

  @Test
  void ed25519() throws Exception {
    for (Vector vector : vectors("ed25519", 151)) {
      byte[] key = HexFormat.of().parseHex(vector.group().path("publicKey").path("pk").asText());
      assertThat(PeerId.ofPublicKey(key).verify(vector.bytes("msg"), vector.bytes("sig")))
          .as(vector.toString())
          .isEqualTo(vector.isValid());
    }
  }

  @Test
  void chaCha20Poly1305_ofTheJdk() throws Exception {
    chaCha20Poly1305(null);
  }

  @Test
  @EnabledIf("dev.waggle.crypto.WycheproofTest#isNative")
  void chaCha20Poly1305_native() throws Exception {
    chaCha20Poly1305(NativeCrypto.provider().orElseThrow());
  }

  private static void chaCha20Poly1305(@Nullable Provider provider) throws Exception {
    for (Vector vector : vectors("chacha20_poly1305", 325)) {
      Cipher cipher =
          provider == null
              ? Cipher.getInstance("ChaCha20-Poly1305")
              : Cipher.getInstance("ChaCha20-Poly1305", provider);
      aead(
          vector,
          () -> {
            cipher.init(
                Cipher.DECRYPT_MODE,
                new SecretKeySpec(vector.bytes("key"), "ChaCha20"),
                new IvParameterSpec(vector.bytes("iv")));
            return finish(cipher, vector);
          });
    }
  }

  @Test
  void aesGcm() throws Exception {
    for (Vector vector : vectors("aes_gcm", 316)) {
      aead(
          vector,
          () -> {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(
                Cipher.DECRYPT_MODE,
                new SecretKeySpec(vector.bytes("key"), "AES"),
                new GCMParameterSpec(vector.group().path("tagSize").asInt(), vector.bytes("iv")));
            return finish(cipher, vector);
          });
    }
  }

  private static byte[] finish(Cipher cipher, Vector vector) throws GeneralSecurityException {
    cipher.updateAAD(vector.bytes("aad"));
    byte[] ciphertext = vector.bytes("ct");
    byte[] tag = vector.bytes("tag");
    byte[] all = Arrays.copyOf(ciphertext, ciphertext.length + tag.length);
    System.arraycopy(tag, 0, all, ciphertext.length, tag.length);
    return cipher.doFinal(all);
  }

  private static void aead(Vector vector, Opening opening) throws GeneralSecurityException {
    if (vector.isValid()) {
      assertThat(opening.open()).as(vector.toString()).isEqualTo(vector.bytes("msg"));
    } else {
      assertThatThrownBy(opening::open)
          .as(vector.toString())
          .isInstanceOf(GeneralSecurityException.class);
    }
  }

  @Test
  void hkdfSha256() throws Exception {
    for (Vector vector : vectors("hkdf_sha256", 86)) {
      HKDFBytesGenerator generator = new HKDFBytesGenerator(new SHA256Digest());
      generator.init(
          new HKDFParameters(vector.bytes("ikm"), vector.bytes("salt"), vector.bytes("info")));
      byte[] out = new byte[vector.test().path("size").asInt()];
      if (vector.isValid()) {
        int unused = generator.generateBytes(out, 0, out.length);
        assertThat(out).as(vector.toString()).isEqualTo(vector.bytes("okm"));
      } else {
        assertThatThrownBy(() -> generator.generateBytes(out, 0, out.length))
            .as(vector.toString())
            .isInstanceOf(DataLengthException.class);
      }
    }
  }

  /** Prints why when it says no. */
  static boolean isNative() {
    boolean found = NativeCrypto.provider().isPresent();
    if (!found) {
      System.out.println("no native cryptography on this machine: its vectors are not run");
    }
    return found;
  }

  private static List<Vector> vectors(String name, int count) throws IOException {
    List<Vector> vectors = new ArrayList<>();
    try (InputStream in =
        Objects.requireNonNull(
            WycheproofTest.class.getResourceAsStream("/wycheproof/" + name + "_test.json"))) {
      for (JsonNode group : new ObjectMapper().readTree(in).path("testGroups")) {
        group.path("tests").forEach(test -> vectors.add(new Vector(group, test)));
      }
    }
    assertThat(vectors).hasSize(count);
    return vectors;
  }
}
