package dev.waggle.worker.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.worker.engine.Digests;
import dev.waggle.worker.fake.FakeModelStore;
import java.io.ByteArrayOutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartialFileTest {
  private static final int BLOCKS = 11;
  private static final byte[] CONTENT =
      FakeModelStore.weights((BLOCKS - 1) * BlockRange.BLOCK_BYTES + 9, 2);
  private static final BlobDigest DIGEST = Digests.of(CONTENT);

  private @TempDir Path directory;

  private PartialFile open() throws Exception {
    return PartialFile.open(directory, DIGEST, CONTENT.length);
  }

  private static byte[] block(int block) {
    int from = (int) BlockRange.offset(block);
    return Arrays.copyOfRange(CONTENT, from, from + BlockRange.length(block, CONTENT.length));
  }

  private static BlockHashes hashes() {
    ByteArrayOutputStream hashes = new ByteArrayOutputStream();
    for (int block = 0; block < BLOCKS; block++) {
      hashes.writeBytes(Digests.of(block(block)).bytes());
    }
    return new BlockHashes(CONTENT.length, hashes.toByteArray());
  }

  @Test
  void blocksThatWereWritten_areThereWhenItIsOpenedAgain() throws Exception {
    try (PartialFile file = open()) {
      for (int block : new int[] {0, 9, 10}) {
        file.write(block, block(block));
      }
      assertThat(file.missing().cardinality()).isEqualTo(BLOCKS - 3);
    }
    assertThat(PartialFile.bytesThere(directory, DIGEST, CONTENT.length))
        .isEqualTo(2L * BlockRange.BLOCK_BYTES + 9);
    try (PartialFile file = open()) {
      file.verify(hashes(), () -> {});
      assertThat(file.missing()).hasToString("{1, 2, 3, 4, 5, 6, 7, 8}");
      for (int block = 1; block < 9; block++) {
        file.write(block, block(block));
      }
      assertThat(file.missing().isEmpty()).isTrue();
      assertThat(file.digest(() -> {})).isEqualTo(DIGEST);
      file.delete();
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void blockThatIsNotWhatItsBitSays_isMissingAgain() throws Exception {
    Path content;
    try (PartialFile file = open()) {
      content = file.path();
      file.write(1, block(1));
      file.write(2, block(2));
    }
    try (FileChannel channel = FileChannel.open(content, StandardOpenOption.WRITE)) {
      channel.truncate(2L * BlockRange.BLOCK_BYTES + 5);
    }
    try (PartialFile file = open()) {
      file.verify(hashes(), () -> {});
      assertThat(file.missing().get(1)).isFalse();
      assertThat(file.missing().get(2)).isTrue();
    }
    try (PartialFile file = open()) {
      assertThat(file.missing().get(2)).as("forgotten on disk, too").isTrue();
    }
  }

  @Test
  void filesThatCannotBeOfTheBlob_areBegunAnew() throws Exception {
    Files.write(directory.resolve(DIGEST.hex() + ".part"), new byte[CONTENT.length + 1]);
    Files.write(directory.resolve(DIGEST.hex() + ".bits"), new byte[] {-1, -1});
    try (PartialFile file = open()) {
      assertThat(file.missing().cardinality()).isEqualTo(BLOCKS);
    }
    Files.write(directory.resolve(DIGEST.hex() + ".bits"), new byte[] {-1, -1});
    try (PartialFile file = open()) {
      assertThat(file.missing().isEmpty()).as("bits beyond the end count for nothing").isTrue();
      assertThat(file.bytesThere()).isEqualTo(CONTENT.length);
      file.verify(hashes(), () -> {});
      assertThat(file.missing().cardinality()).isEqualTo(BLOCKS);
    }
  }

  @Test
  void whatNobodyGoesOnWith_isDeletedAfterItsTime() throws Exception {
    open().close();
    PartialFile.prune(directory, Instant.EPOCH);
    assertThat(directory).isNotEmptyDirectory();
    PartialFile.prune(directory, Instant.now().plusSeconds(60));
    assertThat(directory).isEmptyDirectory();
  }
}
