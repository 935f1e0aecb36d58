package dev.waggle.ledger.tlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
  private static final Identity LOG = seed(1);
  private static final Identity WITNESS = seed(2);
  private static final Instant NOW = Instant.ofEpochSecond(1_679_315_147);

  // Of the seeds 1 and 2 followed by zeros; it never changes.
  private static final String NOTE =
      """
      waggle/ledger/12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X
      5
      Ls2Ka30oRVRmWa1M9ENTPPkhsZ3IH6g5NOg4IbTf3Lc=

      — waggle/ledger/12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X eXcfxm742YVhjqlRGiX4priBTdgKhY2E6X/wHNKF4kN2NM64m5VxfPDxDxQdpc8doWYZU5ld44RSzI8Bn6AHHXO3Vwo=
      — waggle/witness/12D3KooWH3uVF6wv47WnArKHk5p6cvgCJEb74UTmxztmQDc298L3 SJrL4gAAAABkGFDLRE4JKrBjOGDJLzfbTmVR15V6iSs6VszrLUVyV10MFFUd4kvqjo71y5x6UeTiyJlt9N0TlZj8p7WsEjg48ixGDQ==
      """;

  private static Identity seed(int first) {
    byte[] seed = new byte[Identity.SEED_BYTES];
    seed[0] = (byte) first;
    return Identity.ofSeed(seed);
  }

  private static byte[] root(int number) {
    return MerkleHash.leaf(new byte[] {(byte) number});
  }

  private static SignedCheckpoint signed(long size, int root) {
    return new Checkpoint(LOG.peerId(), size, root(root)).sign(LOG);
  }

  private static SignedCheckpoint cosigned() {
    SignedCheckpoint signed = signed(5, 7);
    return signed.with(Cosignature.sign(signed.checkpoint(), WITNESS, NOW));
  }

  @Test
  void note_isTheSameForEver_andReadsBack() throws Exception {
    assertThat(cosigned().note()).isEqualTo(NOTE);
    SignedCheckpoint read = SignedCheckpoint.parse(NOTE);
    assertThat(read.checkpoint()).isEqualTo(cosigned().checkpoint());
    assertThat(read.cosignatures()).hasSize(1);
    assertThat(read.cosignatures().get(0).witness()).isEqualTo(WITNESS.peerId());
    assertThat(read.cosignatures().get(0).time()).isEqualTo(NOW);
    assertThat(read.note()).isEqualTo(NOTE);
  }

  // The example of C2SP signed-note.
  @Test
  void keyIdsAndSignatures_areThoseOfTheSpecification() {
    byte[] key =
        Arrays.copyOfRange(
            Base64.getDecoder().decode("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"), 1, 33);
    PeerId signer = PeerId.ofPublicKey(key);
    byte[] line =
        Base64.getDecoder()
            .decode(
                "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72"
                    + "IneyaQM=");
    assertThat(SignedCheckpoint.keyId("example.com/foo", (byte) 1, signer))
        .isEqualTo(HexFormat.of().parseHex("530d903a"))
        .isEqualTo(Arrays.copyOf(line, 4));
    byte[] text = "This is an example message.\n".getBytes(StandardCharsets.UTF_8);
    assertThat(signer.verify(text, Arrays.copyOfRange(line, 4, line.length))).isTrue();
  }

  @Test
  void anyChangedCharacter_isRefused_orChangesNothing() {
    SignedCheckpoint good = cosigned();
    for (int i = 0; i < NOTE.length(); i++) {
      char changed = NOTE.charAt(i) == 'A' ? 'B' : 'A';
      String note = NOTE.substring(0, i) + changed + NOTE.substring(i + 1);
      try {
        // A line of an unknown key is left out; nothing else may be different.
        SignedCheckpoint read = SignedCheckpoint.parse(note);
        assertThat(read.checkpoint()).isEqualTo(good.checkpoint());
        assertThat(read.cosignatures().stream().allMatch(each -> each.verify(read.checkpoint())))
            .isTrue();
      } catch (MalformedCheckpointException e) {
        assertThat(e.getMessage()).startsWith("a checkpoint is not valid: ");
      }
    }
  }

  @Test
  void linesOfUnknownKeys_areLeftOut() throws Exception {
    String more = NOTE + "— example.com/witness jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn=\n";
    assertThat(SignedCheckpoint.parse(more).cosignatures()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n\n", "x\n\n— a b\n", "waggle/ledger/x\n1\nAA==\n\n— a b\n"})
  void otherTexts_areRefused(String text) {
    assertThatThrownBy(() -> SignedCheckpoint.parse(text))
        .isInstanceOf(MalformedCheckpointException.class);
  }

  @Test
  void cosignatures_areBounded_theOldestGoes_andOfOneWitnessTheLastStays() {
    SignedCheckpoint note = signed(5, 7);
    for (int i = 10; i < 12 + SignedCheckpoint.COSIGNATURES_MAX; i++) {
      note = note.with(Cosignature.sign(note.checkpoint(), seed(i), NOW));
    }
    note = note.with(Cosignature.sign(note.checkpoint(), seed(27), NOW.plusSeconds(1)));
    assertThat(note.cosignatures()).hasSize(SignedCheckpoint.COSIGNATURES_MAX);
    assertThat(note.cosignatures())
        .extracting(Cosignature::witness)
        .doesNotContain(seed(10).peerId())
        .contains(seed(27).peerId());
  }

  @Test
  void witness_cosignsWhatContinues_andNothingElse() throws Exception {
    Frontier frontier = new Frontier();
    List<byte[]> leaves = List.of(root(1), root(2), root(3));
    leaves.forEach(frontier::add);
    MerkleTree<RuntimeException> tree =
        new MerkleTree<>(
            (level, index) ->
                level == 0
                    ? leaves.get((int) index)
                    : MerkleHash.node(leaves.get(0), leaves.get(1)));
    Witness witness = new Witness(WITNESS);
    SignedCheckpoint two = new Checkpoint(LOG.peerId(), 2, tree.root(2)).sign(LOG);
    SignedCheckpoint three = new Checkpoint(LOG.peerId(), 3, frontier.root()).sign(LOG);
    SignedCheckpoint other = signed(3, 9);

    Witness.Verdict first = witness.judge(two, Optional.empty(), 0, List.of(), NOW);
    SignedCheckpoint kept = ((Witness.Verdict.Cosigned) first).checkpoint();
    assertThat(kept.cosignatures()).hasSize(1);
    assertThat(kept.cosignatures().get(0).verify(two.checkpoint())).isTrue();

    List<byte[]> proof = tree.consistency(2, 3);
    assertThat(witness.judge(three, Optional.of(kept), 2, proof, NOW))
        .isInstanceOf(Witness.Verdict.Cosigned.class);
    assertThat(witness.judge(three, Optional.of(kept), 0, List.of(), NOW))
        .isInstanceOf(Witness.Verdict.Behind.class);
    assertThat(witness.judge(other, Optional.of(kept), 2, proof, NOW))
        .isInstanceOf(Witness.Verdict.Inconsistent.class);
    assertThat(witness.judge(two, Optional.of(three), 0, List.of(), NOW))
        .isInstanceOf(Witness.Verdict.RolledBack.class);
    Witness.Verdict forked = witness.judge(other, Optional.of(three), 3, List.of(), NOW);
    Fork fork = ((Witness.Verdict.Forked) forked).fork();
    assertThat(Fork.parse(fork.text()).text()).isEqualTo(fork.text());
    assertThat(fork.accused()).isEqualTo(LOG.peerId());
  }

  @Test
  void twoCheckpoints_proveAFork_onlyWhenTheyContradictEachOther() {
    assertThatThrownBy(() -> new Fork(signed(3, 1), signed(3, 1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Fork(signed(3, 1), signed(4, 2)))
        .isInstanceOf(IllegalArgumentException.class);
    SignedCheckpoint forged =
        new SignedCheckpoint(
            new Checkpoint(LOG.peerId(), 3, root(2)), signed(3, 1).signature(), List.of());
    assertThatThrownBy(() -> new Fork(signed(3, 1), forged))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fork.parse(signed(3, 1).note()))
        .isInstanceOf(MalformedCheckpointException.class);
  }
}
