package dev.waggle.worker.model;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says how much room a disk has. */
interface FreeSpace {
  /** Bytes that this user may still write on the disk of a folder, which need not exist. */
  long bytes(Path folder) throws IOException;

  /** As the operating system says. */
  static long ofDisk(Path folder) throws IOException {
    return disk(folder).getUsableSpace();
  }

  /** Whether two folders, which need not exist, share their room. */
  static boolean isShared(Path one, Path other) throws IOException {
    return disk(one).equals(disk(other));
  }

  private static FileStore disk(Path folder) throws IOException {
    Path there = folder.toAbsolutePath();
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    return Files.getFileStore(there);
  }
}
