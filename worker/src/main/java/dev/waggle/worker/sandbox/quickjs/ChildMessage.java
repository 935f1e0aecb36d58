package dev.waggle.worker.sandbox.quickjs;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a child says to its node: numbers and byte strings, big-endian, each string after its
 * length. The node sends one {@link Task}. Both are the same program, so the form may change with
 * any version; but the node trusts nothing of what it reads, for a script may have taken the child
 * over.
 */
sealed interface ChildMessage {
  /** The longest string that a child can make its node hold. */
  int BYTES_MAX = 64 << 10;

  /** It is ready for its task. */
  record Ready() implements ChildMessage {}

  /** The script wrote something. */
  record Wrote(boolean error, byte[] bytes) implements ChildMessage {}

  /** How much memory the script has now; it never has less later. */
  record Holds(long bytes) implements ChildMessage {}

  /** The next part of a file that the task asks for, by its place in the task's list. */
  record Part(int index, byte[] bytes) implements ChildMessage {}

  /** The script ended. */
  record Ended(int code, boolean memory, long cpuNanos, long peakBytes) implements ChildMessage {}

  private static byte[] bytes(DataInputStream in, int most) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > most) {
      throw new IOException("a length that nobody says: " + length);
    }
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException();
    }
    return bytes;
  }

  /**
   * Reads the next message; blocks.
   *
   * @throws EOFException if there is none
   */
  static ChildMessage read(DataInputStream in) throws IOException {
    int kind = in.readUnsignedByte();
    return switch (kind) {
      case 'R' -> new Ready();
      case 'O', 'E' -> new Wrote(kind == 'E', bytes(in, BYTES_MAX));
      case 'M' -> new Holds(in.readLong());
      case 'F' -> new Part(in.readInt(), bytes(in, BYTES_MAX));
      case 'X' -> new Ended(in.readInt(), in.readBoolean(), in.readLong(), in.readLong());
      default -> throw new IOException("no message begins with " + kind);
    };
  }

  /** Writes a message and sends it off. */
  static void write(DataOutputStream out, ChildMessage message) throws IOException {
    if (message instanceof Wrote wrote) {
      out.writeByte(wrote.error() ? 'E' : 'O');
      write(out, wrote.bytes());
    } else if (message instanceof Holds holds) {
      out.writeByte('M');
      out.writeLong(holds.bytes());
    } else if (message instanceof Part part) {
      out.writeByte('F');
      out.writeInt(part.index());
      write(out, part.bytes());
    } else if (message instanceof Ended ended) {
      out.writeByte('X');
      out.writeInt(ended.code());
      out.writeBoolean(ended.memory());
      out.writeLong(ended.cpuNanos());
      out.writeLong(ended.peakBytes());
    } else {
      out.writeByte('R');
    }
    out.flush();
  }

  private static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /** What a child is to do. */
  record Task(
      String source,
      List<String> args,
      byte[] stdin,
      List<CodeFile> files,
      List<String> collect,
      long wallMillis,
      long memoryBytes,
      long diskBytes) {
    static Task of(TaskSpec.Code code, CodeLimits limits) {
      return new Task(
          code.source(),
          code.args(),
          code.stdin().toArray(),
          code.files(),
          code.collect(),
          limits.wall().toMillis(),
          limits.memoryBytes(),
          limits.diskBytes());
    }

    void write(DataOutputStream out) throws IOException {
      ChildMessage.write(out, utf8(source));
      strings(out, args);
      ChildMessage.write(out, stdin);
      out.writeInt(files.size());
      for (CodeFile each : files) {
        ChildMessage.write(out, utf8(each.path()));
        ChildMessage.write(out, each.content().toArray());
      }
      strings(out, collect);
      out.writeLong(wallMillis);
      out.writeLong(memoryBytes);
      out.writeLong(diskBytes);
      out.flush();
    }

    private static byte[] utf8(String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void strings(DataOutputStream out, List<String> all) throws IOException {
      out.writeInt(all.size());
      for (String each : all) {
        ChildMessage.write(out, utf8(each));
      }
    }

    /** Reads what a node, which is trusted, wrote. */
    static Task read(DataInputStream in) throws IOException {
      String source = string(in);
      List<String> args = strings(in);
      byte[] stdin = bytes(in, Integer.MAX_VALUE);
      List<CodeFile> files = new ArrayList<>();
      int count = in.readInt();
      for (int i = 0; i < count; i++) {
        String path = string(in);
        files.add(new CodeFile(path, Bytes.of(bytes(in, Integer.MAX_VALUE))));
      }
      List<String> collect = strings(in);
      return new Task(
          source, args, stdin, files, collect, in.readLong(), in.readLong(), in.readLong());
    }

    private static String string(DataInputStream in) throws IOException {
      return new String(bytes(in, Integer.MAX_VALUE), StandardCharsets.UTF_8);
    }

    private static List<String> strings(DataInputStream in) throws IOException {
      List<String> all = new ArrayList<>();
      int count = in.readInt();
      for (int i = 0; i < count; i++) {
        all.add(string(in));
      }
      return all;
    }
  }
}
