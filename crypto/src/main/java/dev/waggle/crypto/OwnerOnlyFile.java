package dev.waggle.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/** Files that only their owner can read: written whole or not at all, refused when others can. */
public final class OwnerOnlyFile {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.GROUP_EXECUTE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE,
          PosixFilePermission.OTHERS_EXECUTE);

  private OwnerOnlyFile() {}

  /** Writes the file with mode 0600 and has it on disk before its name shows it. */
  public static void write(Path file, byte[] content) throws IOException {
    Path parent = Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file has a folder");
    Path temporary = Files.createTempFile(parent, ".new-", "", attributes(parent));
    try {
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        writeAll(channel, content);
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * Writes a new file with mode 0600, which a loss of power may leave cut or empty: for content
   * that shows whether it is whole.
   *
   * @throws IOException if it exists, or cannot be written; what was written of it is gone then
   */
  public static void create(Path file, byte[] content) throws IOException {
    Path parent = Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file has a folder");
    try (SeekableByteChannel channel =
        Files.newByteChannel(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            attributes(parent))) {
      writeAll(channel, content);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  private static void writeAll(WritableByteChannel channel, byte[] content) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(content);
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
  }

  /**
   * Reads a file that only its owner can read.
   *
   * @throws SecretsException if others can, or if it cannot be read or is larger than the limit
   */
  public static byte[] read(Path file, int bytesMax) throws SecretsException {
    try {
      if (posix(file)) {
        Set<PosixFilePermission> wide = EnumSet.copyOf(OTHERS);
        wide.retainAll(Files.getPosixFilePermissions(file));
        if (!wide.isEmpty()) {
          throw new SecretsException(
              file + " can be read or changed by others (run: chmod 600 " + file + ")");
        }
      }
      if (Files.size(file) > bytesMax) {
        throw new SecretsException(
            file + " is damaged: it is larger than " + bytesMax + " bytes (restore it)");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new SecretsException(
          file + " cannot be read: " + e + " (check its owner and permissions)", e);
    }
  }

  private static FileAttribute<?>[] attributes(Path directory) throws IOException {
    return posix(directory)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
        : new FileAttribute<?>[0];
  }

  private static boolean posix(Path path) throws IOException {
    return Files.getFileStore(path).supportsFileAttributeView("posix");
  }
}
