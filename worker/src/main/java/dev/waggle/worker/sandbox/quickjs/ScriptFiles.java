package dev.waggle.worker.sandbox.quickjs;

import dev.waggle.mesh.swarm.exchange.CodeFile;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files of a script, which are nowhere but in the memory of its JVM. */
final class ScriptFiles {
  private static final int COUNT_MAX = 4_096;
  // As on a disk, so that many small files are not free.
  private static final long BLOCK_BYTES = 4_096;

  private final Map<String, byte[]> files = new TreeMap<>();
  private final long bytesMax;
  private long used;

  ScriptFiles(List<CodeFile> files, long bytesMax) {
    this.bytesMax = bytesMax;
    files.forEach(each -> write(each.path(), each.content().toArray()));
  }

  /**
   * Makes a file, or another content of it.
   *
   * @throws IllegalArgumentException if it may not have this name, or there is no room for it
   */
  void write(String path, byte[] content) {
    CodeFile.check(path);
    byte @Nullable [] old = files.get(path);
    long after = used - (old == null ? 0 : room(old)) + room(content);
    if (after > bytesMax || (old == null && files.size() >= COUNT_MAX)) {
      throw new IllegalArgumentException("no room for " + path + ": the disk is full");
    }
    used = after;
    files.put(path, content);
  }

  private static long room(byte[] content) {
    return (content.length + BLOCK_BYTES) / BLOCK_BYTES * BLOCK_BYTES;
  }

  /**
   * The content of a file.
   *
   * @throws IllegalArgumentException if it is not there
   */
  byte[] read(String path) {
    byte @Nullable [] content = files.get(path);
    if (content == null) {
      throw new IllegalArgumentException("no such file: " + path);
    }
    return content;
  }

  /** The content of a file; null if it is not there. */
  byte @Nullable [] find(String path) {
    return files.get(path);
  }

  /**
   * Removes a file.
   *
   * @throws IllegalArgumentException if it is not there
   */
  void remove(String path) {
    used -= room(read(path));
    files.remove(path);
  }

  /** All paths. */
  List<String> list() {
    return List.copyOf(files.keySet());
  }
}
