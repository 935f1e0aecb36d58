package dev.waggle.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.hpke.HPKEContextWithEncapsulation;
import org.bouncycastle.crypto.params.X25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.X25519PublicKeyParameters;
import org.bouncycastle.math.ec.rfc7748.X25519;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Identity REQUESTER = Identity.ofSeed(seed(1));
  private static final Identity WORKER = Identity.ofSeed(seed(2));
  private static final byte[] TASK = "why do bees dance".getBytes(StandardCharsets.UTF_8);

  private final ClaimKey key = ClaimKey.ofPrivateKey(seed(3));
  private final EnvelopeHeader header = header("task", "claim", NOW.plusSeconds(60));

  private static byte[] seed(int value) {
    byte[] seed = new byte[32];
    seed[0] = (byte) value;
    return seed;
  }

  private static EnvelopeHeader header(String task, String claim, Instant expiry) {
    return new EnvelopeHeader(
        new byte[32], task, claim, REQUESTER.peerId(), WORKER.peerId(), expiry);
  }

  private Envelope.Sealed seal() throws EnvelopeException {
    return Envelope.seal(REQUESTER, header, key.publicKey(), TASK);
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String cause) {
    assertThatThrownBy(call).isInstanceOf(EnvelopeException.class).hasMessageContaining(cause);
  }

  @Test
  void envelope_opensForItsClaimKey_andResultsComeBack() throws EnvelopeException {
    Envelope.Sealed sealed = seal();
    Envelope.Opened opened = Envelope.open(sealed.bytes(), key, header, NOW);
    assertThat(opened.plaintext()).isEqualTo(TASK);
    assertThat(opened.header()).isEqualTo(header);
    for (int i = 0; i < 100; i++) {
      byte[] piece = ("piece " + i).getBytes(StandardCharsets.UTF_8);
      assertThat(sealed.opener().open(opened.sealer().seal(piece))).isEqualTo(piece);
    }
    assertThat(sealed.opener().isComplete()).isFalse();
    byte[] last = opened.sealer().sealFinal(TASK);
    assertThat(sealed.opener().openFinal(last)).isEqualTo(TASK);
    assertThat(sealed.opener().isComplete()).isTrue();
  }

  @Test
  void goldenVector_ofFixedKeys() throws EnvelopeException {
    Envelope.Sealed sealed = Envelope.seal(REQUESTER, header, key.publicKey(), TASK, seed(4));
    assertThat(HEX.formatHex(Envelope.hash(sealed.bytes()))).isEqualTo(GOLDEN_HASH);
    Envelope.Opened opened = Envelope.open(sealed.bytes(), key, header, NOW);
    assertThat(HEX.formatHex(opened.sealer().seal(new byte[] {1, 2, 3}))).isEqualTo(GOLDEN_PIECE);
    assertThat(HEX.formatHex(opened.sealer().sealFinal(new byte[] {4}))).isEqualTo(GOLDEN_LAST);
  }

  private static final String GOLDEN_HASH =
      "cd43aed89ec8e72c24de25f8fb47d6995925236eb00d9d60952c906a10a6f943";
  private static final String GOLDEN_PIECE =
      "125bd55cee8a1da162d3d01d298b52a77388c571888fca837fefb47190190e40f7e785daf99df4d1f7a2327aba8cf82a";
  private static final String GOLDEN_LAST =
      "8c9fa125c650db2d0fb07b0437021e22f0b166af59539d7aab023ba5d69f4a3e469dec016fa0e027e40b02b7e988eaf7";

  @Test
  void anyChangedByte_isRefused() throws EnvelopeException {
    byte[] bytes = seal().bytes();
    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 0x40;
      assertThatThrownBy(() -> Envelope.open(changed, key, header, NOW))
          .as("byte %d", i)
          .isInstanceOf(EnvelopeException.class);
    }
  }

  @Test
  void cutOrRandomBytes_areRefused() throws EnvelopeException {
    byte[] bytes = seal().bytes();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> Envelope.open(cut, key, header, NOW))
          .isInstanceOf(EnvelopeException.class);
    }
    long randomSeed = 42;
    Random random = new Random(randomSeed);
    for (int i = 0; i < 1_000; i++) {
      byte[] noise = new byte[random.nextInt(400)];
      random.nextBytes(noise);
      assertThatThrownBy(() -> Envelope.open(noise, key, header, NOW))
          .as("seed %d, round %d", randomSeed, i)
          .isInstanceOf(EnvelopeException.class);
    }
  }

  @Test
  void envelopeForAnother_isRefusedByName() throws EnvelopeException {
    byte[] bytes = seal().bytes();
    assertRefused(
        () -> Envelope.open(bytes, ClaimKey.generate(new SecureRandom()), header, NOW), "sealed");
    assertRefused(
        () -> Envelope.open(bytes, key, header("other", "claim", NOW), NOW), "another task");
    assertRefused(
        () -> Envelope.open(bytes, key, header("task", "other", NOW), NOW),
        "another task or claim");
    assertRefused(() -> Envelope.open(bytes, key, header, NOW.plusSeconds(60)), "expired");
    EnvelopeHeader otherSwarm =
        new EnvelopeHeader(
            seed(9), "task", "claim", REQUESTER.peerId(), WORKER.peerId(), header.expiry());
    assertRefused(() -> Envelope.open(bytes, key, otherSwarm, NOW), "another swarm");
    EnvelopeHeader otherSender =
        new EnvelopeHeader(
            new byte[32], "task", "claim", WORKER.peerId(), WORKER.peerId(), header.expiry());
    assertRefused(() -> Envelope.open(bytes, key, otherSender, NOW), "another sender");
  }

  @Test
  void erasedKey_opensNothing() throws EnvelopeException {
    byte[] bytes = seal().bytes();
    key.close();
    assertRefused(() -> Envelope.open(bytes, key, header, NOW), "erased");
  }

  @Test
  void lowOrderClaimKey_isRefused() {
    assertRefused(() -> Envelope.seal(REQUESTER, header, new byte[32], TASK), "claim key");
  }

  @Test
  void oversizedTask_isRefused() {
    byte[] large = new byte[Envelope.PLAINTEXT_BYTES_MAX + 1];
    assertThatThrownBy(() -> Envelope.seal(REQUESTER, header, key.publicKey(), large))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void largestTask_fitsTheLargestEnvelope() throws EnvelopeException {
    byte[] large = new byte[Envelope.PLAINTEXT_BYTES_MAX];
    byte[] bytes = Envelope.seal(REQUESTER, header, key.publicKey(), large).bytes();
    assertThat(bytes.length).isLessThanOrEqualTo(Envelope.BYTES_MAX);
    assertThat(Envelope.open(bytes, key, header, NOW).plaintext()).hasSize(large.length);
  }

  @Test
  void results_reorderedRepeatedDroppedOrTruncated_areRefused() throws EnvelopeException {
    assertRefusedOrder(0, 0);
    assertRefusedOrder(1);
    assertRefusedOrder(0, 2);
  }

  private void assertRefusedOrder(int... order) throws EnvelopeException {
    Envelope.Sealed sealed = seal();
    ResultSealer sealer = Envelope.open(sealed.bytes(), key, header, NOW).sealer();
    List<byte[]> pieces = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      pieces.add(sealer.seal(new byte[] {(byte) i}));
    }
    assertRefused(
        () -> {
          for (int index : order) {
            byte[] unused = sealed.opener().open(pieces.get(index));
          }
        },
        "changed, repeated, missing");
    assertThat(sealed.opener().isComplete()).isFalse();
  }

  @Test
  void aPiecePassedOffAsTheLast_orTheLastAsAPiece_isRefused() throws EnvelopeException {
    Envelope.Sealed first = seal();
    ResultSealer sealer = Envelope.open(first.bytes(), key, header, NOW).sealer();
    byte[] piece = sealer.seal(TASK);
    assertRefused(() -> first.opener().openFinal(piece), "piece 1");

    Envelope.Sealed second = seal();
    byte[] last = Envelope.open(second.bytes(), key, header, NOW).sealer().sealFinal(TASK);
    assertRefused(() -> second.opener().open(last), "piece 1");
    assertThat(second.opener().isComplete()).isFalse();
  }

  @Test
  void nothingFollowsTheLast() throws EnvelopeException {
    Envelope.Sealed sealed = seal();
    ResultSealer sealer = Envelope.open(sealed.bytes(), key, header, NOW).sealer();
    byte[] unused = sealed.opener().openFinal(sealer.sealFinal(TASK));
    assertRefused(() -> sealer.seal(TASK), "ended");
    assertRefused(() -> sealed.opener().open(TASK), "ended");
  }

  @Test
  void sizes_tellLittle() throws EnvelopeException {
    int small = Envelope.seal(REQUESTER, header, key.publicKey(), new byte[1]).bytes().length;
    int larger = Envelope.seal(REQUESTER, header, key.publicKey(), new byte[250]).bytes().length;
    assertThat(larger).isEqualTo(small);
    for (int length = 1; length < 1 << 20; length += 997) {
      int bucket = SizeBuckets.bucket(length, 32);
      assertThat(bucket).isGreaterThanOrEqualTo(length);
      assertThat(bucket).isLessThanOrEqualTo(Math.max(32, length + length / 8));
    }
  }

  @Test
  void claimPromise_holdsForItsSignerAlone() throws EnvelopeException {
    ClaimPromise promise =
        ClaimPromise.sign(
            WORKER,
            new byte[32],
            "t",
            "c",
            REQUESTER.peerId(),
            NOW.plusSeconds(1),
            key.publicKey(),
            "m",
            "sha256:00");
    promise.verify(NOW);
    assertRefused(() -> promise.verify(NOW.plusSeconds(1)), "expired");
    ClaimPromise forged =
        new ClaimPromise(
            promise.swarm(),
            "t",
            "another claim",
            promise.worker(),
            promise.requester(),
            promise.expiry(),
            promise.publicKey(),
            "m",
            "sha256:00",
            promise.signature());
    assertRefused(() -> forged.verify(NOW), "not signed");
  }

  // RFC 9180, appendix A.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode.
  @Test
  void rfc9180Vector_isReproduced() throws Exception {
    byte[] info = HEX.parseHex("4f6465206f6e2061204772656369616e2055726e");
    byte[] ephemeral =
        HEX.parseHex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736");
    byte[] recipient =
        HEX.parseHex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d");
    HPKE hpke =
        new HPKE(
            HPKE.mode_base, HPKE.kem_X25519_SHA256, HPKE.kdf_HKDF_SHA256, HPKE.aead_AES_GCM128);
    HPKEContextWithEncapsulation context =
        hpke.setupBaseS(
            new X25519PublicKeyParameters(recipient, 0),
            info,
            new AsymmetricCipherKeyPair(
                new X25519PrivateKeyParameters(ephemeral, 0).generatePublicKey(),
                new X25519PrivateKeyParameters(ephemeral, 0)));
    assertThat(HEX.formatHex(context.getEncapsulation()))
        .isEqualTo("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431");
    byte[] ciphertext =
        context.seal(
            HEX.parseHex("436f756e742d30"),
            HEX.parseHex("4265617574792069732074727574682c20747275746820626561757479"));
    assertThat(HEX.formatHex(ciphertext))
        .isEqualTo(
            "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a9"
                + "6d8770ac83d07bea87e13c512a");
    assertThat(HEX.formatHex(context.export(new byte[0], 32)))
        .isEqualTo("3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee");
  }

  // RFC 7748, section 5.2.
  @Test
  void rfc7748Vector_isReproduced() {
    byte[] scalar =
        HEX.parseHex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    byte[] point = HEX.parseHex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    byte[] shared = new byte[32];
    assertThat(X25519.calculateAgreement(scalar, 0, point, 0, shared, 0)).isTrue();
    assertThat(HEX.formatHex(shared))
        .isEqualTo("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  }
}
