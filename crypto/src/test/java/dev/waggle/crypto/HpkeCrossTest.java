package dev.waggle.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.crypto.tink.HybridDecrypt;
import com.google.crypto.tink.HybridEncrypt;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.hybrid.HpkeParameters;
import com.google.crypto.tink.hybrid.HpkePrivateKey;
import com.google.crypto.tink.hybrid.HpkePublicKey;
import com.google.crypto.tink.hybrid.HybridConfig;
import com.google.crypto.tink.util.Bytes;
import com.google.crypto.tink.util.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.stream.Stream;
import org.bouncycastle.math.ec.rfc7748.X25519;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What one implementation of HPKE seals, Tink and the others open, and the other way round. */
class HpkeCrossTest {
  private static final Hpke.Terms TERMS =
      new Hpke.Terms("waggle-task-1".getBytes(StandardCharsets.US_ASCII), new byte[] {1, 2, 3}, 32);
  private static final byte[] NO_AAD = new byte[0];
  private static final byte[] TASK = "How do bees dance?".getBytes(StandardCharsets.UTF_8);

  private final byte[] secret = new byte[X25519.SCALAR_SIZE];
  private final byte[] publicKey = new byte[X25519.POINT_SIZE];

  HpkeCrossTest() {
    X25519.generatePrivateKey(new SecureRandom(), secret);
    X25519.generatePublicKey(secret, 0, publicKey, 0);
  }

  @BeforeAll
  static void register() throws Exception {
    HybridConfig.register();
  }

  private KeysetHandle tink() throws Exception {
    HpkeParameters suite =
        HpkeParameters.builder()
            .setKemId(HpkeParameters.KemId.DHKEM_X25519_HKDF_SHA256)
            .setKdfId(HpkeParameters.KdfId.HKDF_SHA256)
            .setAeadId(HpkeParameters.AeadId.AES_256_GCM)
            .setVariant(HpkeParameters.Variant.NO_PREFIX)
            .build();
    HpkePrivateKey key =
        HpkePrivateKey.create(
            HpkePublicKey.create(suite, Bytes.copyFrom(publicKey), /* idRequirement= */ null),
            SecretBytes.copyFrom(secret, InsecureSecretKeyAccess.get()));
    return KeysetHandle.newBuilder()
        .addEntry(KeysetHandle.importKey(key).withRandomId().makePrimary())
        .build();
  }

  private static Stream<Hpke> implementations() {
    return Stream.of(new Hpke(null), Hpke.best());
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void whatOneSeals_tinkAndTheOthersOpen(Hpke sealing) throws Exception {
    Hpke.Sealed sealed = sealing.seal(publicKey, TERMS, NO_AAD, TASK);
    byte[] whole =
        Arrays.copyOf(
            sealed.encapsulation(), sealed.encapsulation().length + sealed.ciphertext().length);
    System.arraycopy(
        sealed.ciphertext(), 0, whole, sealed.encapsulation().length, sealed.ciphertext().length);
    assertThat(
            tink()
                .getPrimitive(RegistryConfiguration.get(), HybridDecrypt.class)
                .decrypt(whole, TERMS.info()))
        .isEqualTo(TASK);
    for (Hpke opening : implementations().toList()) {
      Hpke.Opened opened =
          opening.open(secret, TERMS, sealed.encapsulation(), NO_AAD, sealed.ciphertext());
      assertThat(opened.plaintext()).isEqualTo(TASK);
      assertThat(opened.exported()).isEqualTo(sealed.exported()).hasSize(32);
    }
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void whatTinkSeals_theyOpen_andNothingElse(Hpke opening) throws Exception {
    byte[] whole =
        tink()
            .getPublicKeysetHandle()
            .getPrimitive(RegistryConfiguration.get(), HybridEncrypt.class)
            .encrypt(TASK, TERMS.info());
    byte[] encapsulation = Arrays.copyOf(whole, X25519.POINT_SIZE);
    byte[] ciphertext = Arrays.copyOfRange(whole, X25519.POINT_SIZE, whole.length);
    assertThat(opening.open(secret, TERMS, encapsulation, NO_AAD, ciphertext).plaintext())
        .isEqualTo(TASK);
    ciphertext[3] ^= 1;
    assertThatThrownBy(() -> opening.open(secret, TERMS, encapsulation, NO_AAD, ciphertext))
        .isInstanceOf(GeneralSecurityException.class);
    ciphertext[3] ^= 1;
    for (byte[] hostile : new byte[][] {new byte[32], new byte[0], new byte[31], new byte[33]}) {
      assertThatThrownBy(() -> opening.open(secret, TERMS, hostile, NO_AAD, ciphertext))
          .isInstanceOf(GeneralSecurityException.class);
    }
    assertThatThrownBy(() -> opening.open(secret, TERMS, encapsulation, TASK, ciphertext))
        .isInstanceOf(GeneralSecurityException.class);
    assertThatThrownBy(() -> opening.open(secret, TERMS, encapsulation, NO_AAD, new byte[3]))
        .isInstanceOf(GeneralSecurityException.class);
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void keyOfLowOrder_isNotSealedTo(Hpke sealing) {
    assertThatThrownBy(() -> sealing.seal(new byte[32], TERMS, NO_AAD, TASK))
        .isInstanceOf(GeneralSecurityException.class);
  }
}
