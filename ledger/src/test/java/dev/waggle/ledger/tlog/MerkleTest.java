package dev.waggle.ledger.tlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class MerkleTest {
  // The leaves of the reference tests of RFC 6962's first implementation, and the roots over the
  // first of them.
  private static final List<String> LEAVES =
      List.of(
          "",
          "00",
          "10",
          "2021",
          "3031",
          "40414243",
          "5051525354555657",
          "606162636465666768696a6b6c6d6e6f");
  private static final List<String> ROOTS =
      List.of(
          "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

  private static final int SIZE = 70;

  private final List<byte[]> hashes = new ArrayList<>();

  /** By the definition: no tile, no shortcut. */
  private byte[] dumb(long begin, long end) {
    if (begin == end) {
      return MerkleHash.empty();
    }
    if (end - begin == 1) {
      return hashes.get((int) begin);
    }
    long middle = begin + MerkleTree.split(end - begin);
    return MerkleHash.node(dumb(begin, middle), dumb(middle, end));
  }

  private MerkleTree<RuntimeException> tree() {
    return new MerkleTree<>((level, index) -> dumb(index << level, (index + 1) << level));
  }

  private void fill(int leaves) {
    for (int i = 0; i < leaves; i++) {
      hashes.add(MerkleHash.leaf(new byte[] {(byte) i}));
    }
  }

  @Test
  void roots_areThoseOfTheReference() {
    Frontier frontier = new Frontier();
    assertThat(frontier.root())
        .isEqualTo(
            HexFormat.of()
                .parseHex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    for (int i = 0; i < LEAVES.size(); i++) {
      hashes.add(MerkleHash.leaf(HexFormat.of().parseHex(LEAVES.get(i))));
      frontier.add(hashes.get(i));
      assertThat(HexFormat.of().formatHex(frontier.root())).isEqualTo(ROOTS.get(i));
      assertThat(tree().root(i + 1)).isEqualTo(frontier.root());
    }
  }

  @Test
  void frontier_goesOnFromAnySize() {
    fill(SIZE);
    for (int size = 0; size < SIZE; size++) {
      Frontier frontier =
          Frontier.of(size, (level, index) -> dumb(index << level, (index + 1) << level));
      assertThat(frontier.root()).isEqualTo(dumb(0, size));
      frontier.add(hashes.get(size));
      assertThat(frontier.root()).isEqualTo(dumb(0, size + 1));
    }
  }

  @Test
  void inclusion_isProvedForEveryLeafOfEverySize_andForNoOther() {
    fill(SIZE);
    for (int size = 1; size <= SIZE; size++) {
      byte[] root = dumb(0, size);
      for (int leaf = 0; leaf < size; leaf++) {
        List<byte[]> proof = tree().inclusion(leaf, size);
        assertThat(MerkleProof.includes(hashes.get(leaf), leaf, size, proof, root)).isTrue();
        assertThat(MerkleProof.includes(hashes.get((leaf + 1) % SIZE), leaf, size, proof, root))
            .isFalse();
        assertThat(MerkleProof.includes(hashes.get(leaf), leaf + 1L, size, proof, root)).isFalse();
        assertThat(MerkleProof.includes(hashes.get(leaf), leaf, size, proof, dumb(0, size - 1)))
            .isFalse();
        List<byte[]> longer = new ArrayList<>(proof);
        longer.add(root);
        assertThat(MerkleProof.includes(hashes.get(leaf), leaf, size, longer, root)).isFalse();
        if (!proof.isEmpty()) {
          List<byte[]> shorter = proof.subList(0, proof.size() - 1);
          assertThat(MerkleProof.includes(hashes.get(leaf), leaf, size, shorter, root)).isFalse();
        }
      }
    }
    assertThatThrownBy(() -> tree().inclusion(3, 3)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void consistency_isProvedBetweenAllSizes_andWithNoOtherRoots() {
    fill(SIZE);
    byte[] wrong = MerkleHash.leaf(new byte[] {99});
    for (int later = 0; later <= SIZE; later++) {
      byte[] after = dumb(0, later);
      for (int earlier = 0; earlier <= later; earlier++) {
        byte[] before = dumb(0, earlier);
        List<byte[]> proof = tree().consistency(earlier, later);
        assertThat(MerkleProof.continues(earlier, before, later, after, proof)).isTrue();
        assertThat(MerkleProof.continues(earlier, wrong, later, after, proof)).isFalse();
        if (earlier > 0) {
          assertThat(MerkleProof.continues(earlier, before, later, wrong, proof)).isFalse();
        }
        List<byte[]> longer = new ArrayList<>(proof);
        longer.add(wrong);
        assertThat(MerkleProof.continues(earlier, before, later, after, longer)).isFalse();
        if (!proof.isEmpty()) {
          List<byte[]> changed = new ArrayList<>(proof);
          changed.set(proof.size() / 2, wrong);
          assertThat(MerkleProof.continues(earlier, before, later, after, changed)).isFalse();
          assertThat(
                  MerkleProof.continues(
                      earlier, before, later, after, proof.subList(1, proof.size())))
              .isFalse();
        }
      }
    }
    assertThat(MerkleProof.continues(5, dumb(0, 5), 4, dumb(0, 4), List.of())).isFalse();
  }
}
