package dev.waggle.ledger;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.store.fs.FileBase;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/**
 * A file system of H2 that remembers what was forced to disk, which is all that is left after a
 * power cut, and every change in its order, any first part of which is what a killed process may
 * leave; and that can be full.
 */
public final class FaultyDisk extends FilePathWrapper {
  static final String SCHEME = "faulty";

  /** H2 makes more of them. */
  public FaultyDisk() {}

  private static final Map<Path, byte[]> FORCED = new ConcurrentHashMap<>();
  private static final List<Change> CHANGES = Collections.synchronizedList(new ArrayList<>());
  private static volatile boolean full;

  /**
   * What was done to a file.
   *
   * @param position where it was written, or the size it was cut to
   * @param bytes what was written; empty if it was cut
   */
  record Change(Path file, long position, byte[] bytes) {
    /** Does it to an image of the file. */
    void apply(RandomAccessFile image) throws IOException {
      if (bytes.length == 0) {
        image.setLength(Math.min(position, image.length()));
      } else {
        image.seek(position);
        image.write(bytes);
      }
    }
  }

  /** How many changes there were. */
  static int changes() {
    return CHANGES.size();
  }

  /** All changes of a file, in their order. */
  static List<Change> changesOf(Path file) {
    synchronized (CHANGES) {
      return CHANGES.stream().filter(change -> change.file().equals(file)).toList();
    }
  }

  static void register() {
    CHANGES.clear();
    FilePath.register(new FaultyDisk());
  }

  /** Whether writes fail from now on. */
  static void full(boolean now) {
    full = now;
  }

  /** What a power cut now would leave of a file. */
  static byte[] leftOf(Path file) {
    return FORCED.getOrDefault(file, new byte[0]).clone();
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    return new Channel(super.open(mode), Path.of(getBase().toString()));
  }

  private static final class Channel extends FileBase {
    private final FileChannel channel;
    private final Path file;

    Channel(FileChannel channel, Path file) {
      this.channel = channel;
      this.file = file;
    }

    private static void requireSpace() throws IOException {
      if (full) {
        throw new IOException("No space left on device");
      }
    }

    @Override
    public void force(boolean metaData) throws IOException {
      requireSpace();
      channel.force(metaData);
      FORCED.put(file, Files.readAllBytes(file));
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      requireSpace();
      return channel.write(source);
    }

    @Override
    public synchronized int write(ByteBuffer source, long position) throws IOException {
      requireSpace();
      byte[] bytes = new byte[source.remaining()];
      source.duplicate().get(bytes);
      CHANGES.add(new Change(file, position, bytes));
      return channel.write(source, position);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      return channel.read(target);
    }

    @Override
    public synchronized int read(ByteBuffer target, long position) throws IOException {
      return channel.read(target, position);
    }

    @Override
    public long position() throws IOException {
      return channel.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
      channel.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      CHANGES.add(new Change(file, size, new byte[0]));
      channel.truncate(size);
      return this;
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return channel.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      channel.close();
    }
  }
}
