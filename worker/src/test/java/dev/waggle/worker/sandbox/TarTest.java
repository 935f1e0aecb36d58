package dev.waggle.worker.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.snapshot.FileArchive;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarTest {
  private static final long MUCH = 1L << 30;

  @TempDir Path directory;

  private Path archive(List<CodeFile> files) throws IOException {
    Path archive = directory.resolve("archive");
    try (OutputStream out = Files.newOutputStream(archive)) {
      FileArchive.write(out, files);
    }
    return archive;
  }

  private static List<String> read(Path archive, List<String> asked, long most) throws Exception {
    List<String> read = new ArrayList<>();
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    Tar.artifacts(
        archive,
        asked,
        most,
        chunk -> {
          Chunk.Artifact part = (Chunk.Artifact) chunk;
          assertThat(part.bytes()).isLessThanOrEqualTo(Chunk.PART_BYTES_MAX);
          content.write(part.part().toArray());
          if (part.last()) {
            read.add(part.path() + "=" + content.toString(StandardCharsets.UTF_8));
            content.reset();
          }
        });
    return read;
  }

  private static CodeFile file(String path, String content) {
    return new CodeFile(path, Bytes.of(content));
  }

  @Test
  void files_writtenAndRead_areTheSame() throws Exception {
    String deep = "ordner/é".repeat(20);
    String large = "x".repeat(200_000);
    Path archive =
        archive(List.of(file("a", "A"), file("empty", ""), file(deep, "D"), file("large", large)));
    assertThat(read(archive, List.of("a", "empty", deep, "large"), MUCH))
        .containsExactly("a=A", "empty=", deep + "=D", "large=" + large);
  }

  @Test
  void files_writtenHere_areReadByTar() throws Exception {
    String deep = "d".repeat(120) + "/f";
    Path archive = archive(List.of(file("a/b", "content"), file(deep, "deep")));
    Process tar =
        new ProcessBuilder("tar", "-xf", archive.toString(), "-C", directory.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEmpty();
    assertThat(tar.waitFor()).isZero();
    assertThat(directory.resolve("a/b")).hasContent("content");
    assertThat(directory.resolve(deep)).hasContent("deep");
  }

  @Test
  void file_thatNobodyAskedFor_isNotSent() throws Exception {
    Path archive = archive(List.of(file("a", "A"), file("b", "B"), file("b", "again")));
    assertThat(read(archive, List.of("b"), MUCH)).containsExactly("b=B");
  }

  @Test
  void files_beyondTheLimit_areNotSent() throws Exception {
    Path archive = archive(List.of(file("a", "12345"), file("b", "123456"), file("c", "1")));
    assertThat(read(archive, List.of("a", "b", "c"), 10)).containsExactly("a=12345");
  }

  @Test
  void linksAndDevices_underANameThatIsAskedFor_areNotSent() throws Exception {
    byte[] bytes = Files.readAllBytes(archive(List.of(file("a", "A"))));
    for (char type : "123456".toCharArray()) {
      byte[] changed = bytes.clone();
      changed[156] = (byte) type;
      int sum = 0;
      Arrays.fill(changed, 148, 156, (byte) ' ');
      for (int i = 0; i < 512; i++) {
        sum += changed[i] & 0xff;
      }
      byte[] text = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(text, 0, changed, 148, text.length);
      Path archive = Files.write(directory.resolve("changed"), changed);
      assertThat(read(archive, List.of("a"), MUCH)).isEmpty();
    }
  }

  @Test
  void archive_thatEndsEarly_givesWhatIsWhole() throws Exception {
    byte[] bytes = Files.readAllBytes(archive(List.of(file("a", "A"), file("b", "B".repeat(600)))));
    for (int length = 0; length < bytes.length; length += 100) {
      Path cut = Files.write(directory.resolve("cut"), Arrays.copyOf(bytes, length));
      List<String> read = read(cut, List.of("a", "b"), MUCH);
      assertThat(read).hasSize(length < 1024 ? 0 : length < 2560 ? 1 : 2);
    }
  }

  @Test
  void archive_withAnyBytesChanged_doesNoHarm() throws Exception {
    byte[] bytes = Files.readAllBytes(archive(List.of(file("d".repeat(120), "A"), file("b", "B"))));
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      byte[] changed = bytes.clone();
      for (int j = 0; j < 1 + random.nextInt(8); j++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
      }
      Path archive = Files.write(directory.resolve("changed"), changed);
      assertThat(read(archive, List.of("b", "d".repeat(120)), MUCH).size()).isLessThanOrEqualTo(2);
    }
  }
}
