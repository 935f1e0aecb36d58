package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.snapshot.TarHeader;
import dev.waggle.worker.engine.Generation;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What comes out of a sandbox: an archive in the format of GNU tar, made by code that nobody
 * trusts. Of it only regular files count whose names were asked for, and nothing of it is ever
 * written to a file system by its name.
 */
public final class Tar {
  private static final int LONG_NAME_BYTES_MAX = 4 * CodeFile.PATH_CHARACTERS_MAX + 1;

  private Tar() {}

  /**
   * Sends the files of an archive that were asked for. Stops without an error where the archive
   * says what no archive says, or ends early.
   *
   * @param asked paths, each sent at most once
   * @param bytesMax of all files together; a file that would exceed it is not sent, and none after
   */
  public static void artifacts(
      Path archive, List<String> asked, long bytesMax, Generation.Output output)
      throws IOException, InterruptedException {
    List<String> open = new ArrayList<>(asked);
    long left = Files.size(archive);
    long room = bytesMax;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(archive))) {
      String longName = "";
      while (left >= TarHeader.BYTES && !open.isEmpty()) {
        byte[] header = in.readNBytes(TarHeader.BYTES);
        left -= TarHeader.BYTES;
        OptionalLong size = TarHeader.size(header);
        if (size.isEmpty() || TarHeader.padded(size.getAsLong()) > left) {
          return;
        }
        long bytes = size.getAsLong();
        String name = longName.isEmpty() ? TarHeader.name(header) : longName;
        longName = "";
        left -= TarHeader.padded(bytes);
        if (TarHeader.type(header) == TarHeader.LONG_NAME && bytes <= LONG_NAME_BYTES_MAX) {
          byte[] value = in.readNBytes((int) bytes);
          longName = TarHeader.text(value, value.length);
          in.skipNBytes(TarHeader.padded(bytes) - bytes);
        } else if (TarHeader.type(header) == TarHeader.FILE && open.contains(name)) {
          if (bytes > room) {
            return;
          }
          room -= bytes;
          open.remove(name);
          send(in, name, bytes, output);
          in.skipNBytes(TarHeader.padded(bytes) - bytes);
        } else {
          in.skipNBytes(TarHeader.padded(bytes));
        }
      }
    }
  }

  private static void send(InputStream in, String path, long size, Generation.Output output)
      throws IOException, InterruptedException {
    long left = size;
    do {
      byte[] part = in.readNBytes((int) Math.min(left, Chunk.PART_BYTES_MAX));
      left -= part.length;
      if (part.length == 0 && left > 0) {
        throw new IOException("the archive of artifacts became shorter while it was read");
      }
      output.chunk(new Chunk.Artifact(path, Bytes.of(part), left == 0));
    } while (left > 0);
  }
}
