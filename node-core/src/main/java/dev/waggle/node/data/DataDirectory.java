package dev.waggle.node.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.crypto.OwnerOnlyFile;
import dev.waggle.crypto.SecretsException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's folder, held by one process at a time. */
public final class DataDirectory implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DataDirectory.class);
  private static final String LOCK_FILE = "lock";
  private static final String RUNNING_FILE = "node.json";
  private static final String TOKEN_FILE = "api.token";
  private static final int TOKEN_BYTES = 32;
  private static final int SMALL_FILE_BYTES_MAX = 16 << 10;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path path;
  private final FileChannel lockChannel;

  private DataDirectory(Path path, FileChannel lockChannel) {
    this.path = path;
    this.lockChannel = lockChannel;
  }

  /** The folder that is used when none is named: {@code $WAGGLE_HOME}, else {@code ~/.waggle}. */
  public static Path defaultPath() {
    String home = System.getenv("WAGGLE_HOME");
    return home == null || home.isBlank()
        ? Path.of(System.getProperty("user.home"), ".waggle")
        : Path.of(home);
  }

  /**
   * Creates the folder if need be, readable by its owner only.
   *
   * @throws DataException if it cannot be used
   */
  public static void prepare(Path path) throws DataException {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new DataException(path + " is a file, not a folder (choose another with --data-dir)");
    }
    try {
      if (!Files.isDirectory(path)) {
        create(path);
      }
    } catch (IOException e) {
      throw unusable(path, e);
    }
    if (!Files.isReadable(path) || !Files.isWritable(path) || !Files.isExecutable(path)) {
      throw new DataException(
          path + " cannot be read and written by this user (check its owner and permissions)");
    }
  }

  private static DataException unusable(Path path, IOException e) {
    String cause = e.getClass().getSimpleName().replaceAll("Exception$", "");
    return new DataException(
        path + " cannot be used: " + cause + " " + e.getMessage() + " (choose another --data-dir)",
        e);
  }

  /**
   * Prepares the folder and takes hold of it.
   *
   * @throws DataException if it cannot be used, or another process holds it
   */
  public static DataDirectory open(Path path) throws DataException {
    prepare(path);
    try {
      FileChannel channel =
          FileChannel.open(
              path.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = tryLock(channel);
      if (lock == null) {
        channel.close();
        throw new DataException(
            path + " is in use by another node (stop it, or choose another with --data-dir)");
      }
      return new DataDirectory(path, channel);
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  private static void create(Path path) throws IOException {
    Path parent = path.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } else {
      Files.createDirectory(path);
    }
  }

  private static @org.jspecify.annotations.Nullable FileLock tryLock(FileChannel channel)
      throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // Another node of this very process has it.
    }
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** The ledger's database. */
  public Path ledgerFile() {
    return ledgerFile(path);
  }

  /** The ledger's database in a data directory. */
  public static Path ledgerFile(Path path) {
    return path.resolve("ledger.mv.db");
  }

  /** The node's own database. */
  public Path databaseFile() {
    return path.resolve("node.mv.db");
  }

  /** The database of its jobs. */
  public Path jobsFile() {
    return path.resolve("jobs.mv.db");
  }

  /**
   * The token that the local API asks for; made by the first call.
   *
   * @throws DataException if it can be read by others, or not at all
   */
  public String token() throws DataException {
    Path file = path.resolve(TOKEN_FILE);
    if (!Files.exists(file)) {
      byte[] random = new byte[TOKEN_BYTES];
      new SecureRandom().nextBytes(random);
      try {
        OwnerOnlyFile.write(
            file, HexFormat.of().formatHex(random).getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        throw new DataException(file + " cannot be written: " + e, e);
      }
    }
    return readToken(path);
  }

  /**
   * The API token of a data directory.
   *
   * @throws DataException if it can be read by others, or not at all
   */
  public static String readToken(Path path) throws DataException {
    try {
      byte[] bytes = OwnerOnlyFile.read(path.resolve(TOKEN_FILE), SMALL_FILE_BYTES_MAX);
      return new String(bytes, StandardCharsets.US_ASCII).strip();
    } catch (SecretsException e) {
      throw new DataException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Tells commands where the node is. */
  public void announce(RunningNode node) throws DataException {
    write(path.resolve(RUNNING_FILE), node);
  }

  /** Writes what a node says of itself, so that a reader sees all of it or nothing. */
  public static void write(Path file, RunningNode node) throws DataException {
    try {
      Path parent = file.toAbsolutePath().getParent();
      Path temporary = Files.createTempFile(parent, ".node-", "");
      try {
        Files.writeString(temporary, JSON.writeValueAsString(node) + "\n");
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new DataException(file + " cannot be written: " + e, e);
    }
  }

  /**
   * What the node that runs on a data directory says of itself; empty when none left its word.
   *
   * @throws DataException if the file is damaged
   */
  public static Optional<RunningNode> running(Path path) throws DataException {
    Path file = path.resolve(RUNNING_FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readValue(Files.readString(file), RunningNode.class));
    } catch (IOException e) {
      throw new DataException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Lets go of the folder. */
  @Override
  public void close() {
    try {
      Files.deleteIfExists(path.resolve(RUNNING_FILE));
      lockChannel.close();
    } catch (IOException e) {
      log.warn("{} was not left in order: {}", path, e.toString());
    }
  }
}
