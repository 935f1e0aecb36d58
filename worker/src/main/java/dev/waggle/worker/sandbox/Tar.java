package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.worker.engine.Generation;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * Files as one stream, in the format of GNU tar (its manual, "Basic Tar Format"), in which they get
 * into a sandbox and out of it: so no directory of the host is seen by both sides. An archive that
 * comes out was made by code that nobody trusts. Of it only regular files count whose names were
 * asked for, and nothing of it is ever written to a file system by its name.
 */
public final class Tar {
  private static final int BLOCK = 512;
  private static final int NAME_BYTES = 100;
  private static final int MODE_AT = 100;
  private static final int SIZE_AT = 124;
  private static final int SIZE_DIGITS = 11;
  private static final int SUM_AT = 148;
  private static final int SUM_BYTES = 8;
  private static final int TYPE_AT = 156;
  private static final int MAGIC_AT = 257;
  private static final byte[] MAGIC = "ustar  ".getBytes(StandardCharsets.US_ASCII);
  private static final byte FILE = '0';
  private static final byte LONG_NAME = 'L';
  private static final String LONG_NAME_PATH = "././@LongLink";
  private static final int LONG_NAME_BYTES_MAX = 4 * CodeFile.PATH_CHARACTERS_MAX + 1;

  private Tar() {}

  /** Writes files, which anybody may read, and the end of the archive. */
  public static void write(OutputStream out, List<CodeFile> files) throws IOException {
    for (CodeFile each : files) {
      byte[] name = each.path().getBytes(StandardCharsets.UTF_8);
      if (name.length > NAME_BYTES) {
        byte[] longName = Arrays.copyOf(name, name.length + 1);
        byte[] alias = LONG_NAME_PATH.getBytes(StandardCharsets.US_ASCII);
        writeEntry(out, alias, LONG_NAME, longName);
      }
      writeEntry(out, name, FILE, each.content().toArray());
    }
    out.write(new byte[2 * BLOCK]);
  }

  private static void writeEntry(OutputStream out, byte[] name, byte type, byte[] content)
      throws IOException {
    byte[] header = new byte[BLOCK];
    System.arraycopy(name, 0, header, 0, Math.min(name.length, NAME_BYTES));
    ascii(header, MODE_AT, "0000644");
    ascii(header, SIZE_AT, String.format("%011o", content.length));
    header[TYPE_AT] = type;
    System.arraycopy(MAGIC, 0, header, MAGIC_AT, MAGIC.length);
    ascii(header, SUM_AT, " ".repeat(SUM_BYTES));
    ascii(header, SUM_AT, String.format("%06o\0", sum(header)));
    out.write(header);
    out.write(content);
    out.write(new byte[(int) (padded(content.length) - content.length)]);
  }

  private static void ascii(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  private static int sum(byte[] header) {
    int sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      boolean sumItself = i >= SUM_AT && i < SUM_AT + SUM_BYTES;
      sum += sumItself ? ' ' : header[i] & 0xff;
    }
    return sum;
  }

  private static long padded(long size) {
    return (size + BLOCK - 1) / BLOCK * BLOCK;
  }

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
      while (left >= BLOCK && !open.isEmpty()) {
        byte[] header = in.readNBytes(BLOCK);
        left -= BLOCK;
        OptionalLong size = size(header);
        if (size.isEmpty() || padded(size.getAsLong()) > left) {
          return;
        }
        long bytes = size.getAsLong();
        String name = longName.isEmpty() ? text(header, NAME_BYTES) : longName;
        longName = "";
        left -= padded(bytes);
        if (header[TYPE_AT] == LONG_NAME && bytes <= LONG_NAME_BYTES_MAX) {
          byte[] value = in.readNBytes((int) bytes);
          longName = text(value, value.length);
          in.skipNBytes(padded(bytes) - bytes);
        } else if (header[TYPE_AT] == FILE && open.contains(name)) {
          if (bytes > room) {
            return;
          }
          room -= bytes;
          open.remove(name);
          send(in, name, bytes, output);
          in.skipNBytes(padded(bytes) - bytes);
        } else {
          in.skipNBytes(padded(bytes));
        }
      }
    }
  }

  /** What a header says its content has; empty if it is none, or the end of the archive. */
  private static OptionalLong size(byte[] header) {
    try {
      String sum = text(Arrays.copyOfRange(header, SUM_AT, SUM_AT + SUM_BYTES), SUM_BYTES).strip();
      if (Integer.parseInt(sum, 8) != sum(header)) {
        return OptionalLong.empty();
      }
      byte[] digits = Arrays.copyOfRange(header, SIZE_AT, SIZE_AT + SIZE_DIGITS);
      long size = Long.parseLong(text(digits, SIZE_DIGITS).strip(), 8);
      return size < 0 ? OptionalLong.empty() : OptionalLong.of(size);
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  private static String text(byte[] bytes, int bytesMax) {
    int end = 0;
    while (end < bytesMax && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
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
