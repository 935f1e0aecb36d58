package dev.waggle.mesh.swarm.snapshot;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Files as one stream, in the format of GNU tar: regular files without owners and times.
 *
 * <p>An archive that comes from elsewhere is read only if it is, byte for byte, what {@link #write}
 * makes of its files in the order of their paths: so there are no links, no devices, no second file
 * of a path, and no two archives of the same files.
 */
public final class FileArchive {
  private static final byte[] LONG_NAME_ALIAS = "././@LongLink".getBytes(StandardCharsets.US_ASCII);
  private static final int LONG_NAME_BYTES_MAX = 4 * CodeFile.PATH_CHARACTERS_MAX + 1;
  private static final int END_BYTES = 2 * TarHeader.BYTES;

  private FileArchive() {}

  /** Writes files, which anybody may read, and the end of the archive. */
  public static void write(OutputStream out, List<CodeFile> files) throws IOException {
    for (CodeFile each : files) {
      byte[] name = each.path().getBytes(StandardCharsets.UTF_8);
      if (name.length > TarHeader.NAME_BYTES) {
        byte[] longName = Arrays.copyOf(name, name.length + 1);
        out.write(longNameHeader(longName.length));
        writeContent(out, longName);
      }
      byte[] content = each.content().toArray();
      out.write(TarHeader.of(name, TarHeader.FILE, content.length, each.executable()));
      writeContent(out, content);
    }
    out.write(new byte[END_BYTES]);
  }

  private static byte[] longNameHeader(int length) {
    return TarHeader.of(LONG_NAME_ALIAS, TarHeader.LONG_NAME, length, /* executable= */ false);
  }

  private static void writeContent(OutputStream out, byte[] content) throws IOException {
    out.write(content);
    out.write(new byte[(int) (TarHeader.padded(content.length) - content.length)]);
  }

  /**
   * Reads an archive that anybody may have made.
   *
   * @return its files, in the order of their paths; no path is also a folder of another
   * @throws MalformedArchiveException if it is another than {@link #write} makes of sorted files,
   *     has more than {@link Snapshot#FILES_MAX} files, or more than {@link Snapshot#BYTES_MAX}
   *     bytes
   */
  public static List<CodeFile> read(InputStream in) throws IOException {
    return new Reader(in).read();
  }

  /** One archive as it is read. */
  private static final class Reader {
    private final InputStream in;
    private final List<CodeFile> files = new ArrayList<>();
    private final Set<String> paths = new HashSet<>();
    private String last = "";
    private long left = Snapshot.BYTES_MAX;

    Reader(InputStream in) {
      this.in = in;
    }

    List<CodeFile> read() throws IOException {
      byte[] header = bytes(TarHeader.BYTES);
      while (!isZero(header)) {
        if (files.size() == Snapshot.FILES_MAX) {
          throw new MalformedArchiveException("it has more than " + files.size() + " files");
        }
        CodeFile file = file(header);
        checkPlace(file.path());
        files.add(file);
        header = bytes(TarHeader.BYTES);
      }
      if (!isZero(bytes(TarHeader.BYTES)) || in.read() >= 0) {
        throw new MalformedArchiveException("something comes after its end");
      }
      return List.copyOf(files);
    }

    private CodeFile file(byte[] first) throws IOException {
      byte[] header = first;
      byte[] name = TarHeader.name(first).getBytes(StandardCharsets.UTF_8);
      if (TarHeader.type(first) == TarHeader.LONG_NAME) {
        long length = size(first);
        if (length <= TarHeader.NAME_BYTES + 1 || length > LONG_NAME_BYTES_MAX) {
          throw new MalformedArchiveException("a name in it has " + length + " bytes");
        }
        same(first, longNameHeader((int) length));
        byte[] longName = content((int) length);
        name = Arrays.copyOf(longName, longName.length - 1);
        same(longName, Arrays.copyOf(name, longName.length));
        header = bytes(TarHeader.BYTES);
      }
      long length = size(header);
      if (length > left) {
        throw tooLong();
      }
      boolean executable = TarHeader.isExecutable(header);
      same(header, TarHeader.of(name, TarHeader.FILE, (int) length, executable));
      String path = new String(name, StandardCharsets.UTF_8);
      same(name, path.getBytes(StandardCharsets.UTF_8));
      try {
        CodeFile.check(path);
      } catch (IllegalArgumentException e) {
        throw new MalformedArchiveException("a path in it is wrong: " + e.getMessage());
      }
      return new CodeFile(path, Bytes.of(content((int) length)), executable);
    }

    private static long size(byte[] header) throws MalformedArchiveException {
      OptionalLong size = TarHeader.size(header);
      if (size.isEmpty()) {
        throw new MalformedArchiveException("a header in it is damaged");
      }
      return size.getAsLong();
    }

    private static void same(byte[] there, byte[] expected) throws MalformedArchiveException {
      if (!Arrays.equals(there, expected)) {
        throw new MalformedArchiveException(
            "it has something else than plain files, or more about them than their content");
      }
    }

    private void checkPlace(String path) throws MalformedArchiveException {
      if (path.compareTo(last) <= 0) {
        throw new MalformedArchiveException("its files are not in the order of their paths");
      }
      last = path;
      for (int at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
        if (paths.contains(path.substring(0, at))) {
          throw new MalformedArchiveException(
              path.substring(0, at) + " cannot be a file and hold " + path);
        }
      }
      paths.add(path);
    }

    private byte[] content(int length) throws IOException {
      byte[] content = bytes(length);
      if (!isZero(bytes((int) (TarHeader.padded(length) - length)))) {
        throw new MalformedArchiveException("something is hidden between its files");
      }
      return content;
    }

    private byte[] bytes(int length) throws IOException {
      if (length > left) {
        throw tooLong();
      }
      left -= length;
      byte[] bytes = in.readNBytes(length);
      if (bytes.length < length) {
        throw new MalformedArchiveException("it ends early");
      }
      return bytes;
    }

    private static MalformedArchiveException tooLong() {
      return new MalformedArchiveException("it has more than " + Snapshot.BYTES_MAX + " bytes");
    }

    private static boolean isZero(byte[] bytes) {
      for (byte each : bytes) {
        if (each != 0) {
          return false;
        }
      }
      return true;
    }
  }
}
