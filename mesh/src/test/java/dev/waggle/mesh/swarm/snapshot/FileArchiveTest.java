package dev.waggle.mesh.swarm.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FileArchiveTest {
  private static final CodeFile A = new CodeFile("a.txt", Bytes.of("content"));
  private static final CodeFile B =
      new CodeFile("b/run.sh", Bytes.of("x".repeat(600)), /* executable= */ true);
  private static final int TYPE_AT = 156;

  private static byte[] archive(CodeFile... files) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    FileArchive.write(out, List.of(files));
    return out.toByteArray();
  }

  private static List<CodeFile> read(byte[] archive) throws IOException {
    return FileArchive.read(new ByteArrayInputStream(archive));
  }

  private static void refused(byte[] archive, String why) {
    assertThatThrownBy(() -> read(archive))
        .isInstanceOf(MalformedArchiveException.class)
        .hasMessageContaining(why);
  }

  /** An archive with another header, whose sum is right. */
  private static byte[] changed(byte[] archive, int at, int value) {
    byte[] changed = archive.clone();
    changed[at] = (byte) value;
    Arrays.fill(changed, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < TarHeader.BYTES; i++) {
      sum += changed[i] & 0xff;
    }
    byte[] digits = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(digits, 0, changed, 148, digits.length);
    return changed;
  }

  @Test
  void files_writtenAndRead_areTheSame_andAlwaysTheSameBytes() throws Exception {
    CodeFile empty = new CodeFile("c", Bytes.EMPTY);
    CodeFile deep = new CodeFile("d/" + "ordner/é".repeat(20), Bytes.of(new byte[] {0, -1}));
    byte[] archive = archive(A, B, empty, deep);
    assertThat(read(archive)).containsExactly(A, B, empty, deep);
    assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(archive(A, B))))
        .isEqualTo("1922876155e035bb6f5735676205a89c8ef6d573fb3560a5c6087368318d78a2");
    assertThat(read(archive())).isEmpty();
  }

  @Test
  void archive_thatIsNoneOfItsOwn_isRefused() throws Exception {
    byte[] good = archive(A, B);
    for (char type : "12345670gxKLV".toCharArray()) {
      if (type != '0') {
        refused(changed(good, TYPE_AT, type), "");
      }
    }
    refused(changed(good, 105, '7'), "plain files"); // A mode.
    refused(changed(good, 110, '1'), "plain files"); // An owner.
    refused(changed(good, 140, '1'), "plain files"); // A time.
    refused(changed(good, 160, 'x'), "plain files"); // A link's target.
    refused(archive(B, A), "order");
    refused(archive(A, A), "order");
    refused(
        archive(new CodeFile("a", Bytes.EMPTY), new CodeFile("a/b", Bytes.EMPTY)),
        "cannot be a file and hold");
    refused(changed(good, 0, '/'), "path");
    refused(changed(archive(new CodeFile("x./a", Bytes.EMPTY)), 0, '.'), "path");
    byte[] hidden = good.clone();
    hidden[TarHeader.BYTES + 100] = 1;
    refused(hidden, "hidden");
    refused(Arrays.copyOf(good, good.length + 1), "after its end");
    refused(Arrays.copyOf(good, good.length - 1), "ends early");
    refused(Arrays.copyOf(good, TarHeader.BYTES + 3), "ends early");
    refused(new byte[0], "ends early");
  }

  @Test
  void archive_thatLiesAboutItsSize_takesNoMemory() throws Exception {
    // 8 GiB less a byte: what eleven digits can say.
    byte[] lying = archive(A);
    for (int at = 124; at < 135; at++) {
      lying = changed(lying, at, '7');
    }
    refused(lying, "more than " + Snapshot.BYTES_MAX + " bytes");
  }

  @Test
  void archive_withTooManyFiles_isRefused() throws Exception {
    CodeFile[] many =
        IntStream.rangeClosed(0, Snapshot.FILES_MAX)
            .mapToObj(i -> new CodeFile(String.format("%05d", i), Bytes.EMPTY))
            .toArray(CodeFile[]::new);
    refused(archive(many), "more than " + Snapshot.FILES_MAX + " files");
    assertThat(read(archive(Arrays.copyOf(many, Snapshot.FILES_MAX)))).hasSize(Snapshot.FILES_MAX);
  }

  @Test
  void archive_withAnyBitChanged_isRefused_orIsThatOfOtherFiles() {
    ArchiveFuzz target = new ArchiveFuzz();
    Random random = new Random(7);
    for (byte[] seed : target.seeds()) {
      for (int i = 0; i < 2_000; i++) {
        byte[] bad = seed.clone();
        bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
        target.run(bad);
      }
    }
  }
}
