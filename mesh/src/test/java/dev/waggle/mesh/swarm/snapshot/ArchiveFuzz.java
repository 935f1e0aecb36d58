package dev.waggle.mesh.swarm.snapshot;

import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;

/** Archives of others; one that is read is written again as the same bytes. */
public final class ArchiveFuzz implements FuzzTarget {
  @Override
  public void run(byte[] input) {
    try {
      byte[] again = write(FileArchive.read(new ByteArrayInputStream(input)));
      if (!Arrays.equals(input, again)) {
        throw new AssertionError("two archives have the same files");
      }
    } catch (MalformedArchiveException e) {
      // It says what is wrong.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] write(List<CodeFile> files) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    FileArchive.write(out, files);
    return out.toByteArray();
  }

  @Override
  public List<byte[]> seeds() {
    try {
      return List.of(
          write(List.of()),
          write(
              List.of(
                  new CodeFile("a", Bytes.of("content")),
                  new CodeFile("b/" + "c".repeat(200), Bytes.EMPTY, /* executable= */ true))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
