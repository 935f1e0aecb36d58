package dev.waggle.worker.model;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Puts files where others read, so that nobody sees half of one. */
final class Placing {
  private static final String UNFINISHED = ".waggle-part";

  private Placing() {}

  /** Moves a file there, also from another disk, in place of what is there. */
  static void move(Path from, Path to) throws IOException {
    Path beside = beside(to);
    Files.move(from, beside, StandardCopyOption.REPLACE_EXISTING);
    finish(beside, to);
  }

  /** Writes a file there, in place of what is there. */
  static void write(byte[] content, Path to) throws IOException {
    Path beside = beside(to);
    Files.write(beside, content);
    finish(beside, to);
  }

  private static Path beside(Path to) throws IOException {
    Path folder = to.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException(to + " is no file's place");
    }
    Files.createDirectories(folder);
    return folder.resolve(to.getFileName() + UNFINISHED);
  }

  private static void finish(Path beside, Path to) throws IOException {
    try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(beside, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
