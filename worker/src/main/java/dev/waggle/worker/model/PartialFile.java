package dev.waggle.worker.model;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.worker.engine.Digests;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.BitSet;

/**
 * A file of which some blocks are there. Which, stands in a second file, a bit for each; a block is
 * written before its bit, and what the bits say is believed only after {@link #verify}. So a
 * process that is killed leaves what the next one goes on with. Thread-safe.
 */
final class PartialFile implements AutoCloseable {
  private static final String CONTENT = ".part";
  private static final String BITS = ".bits";

  private final Path content;
  private final Path bits;
  private final long sizeBytes;
  private final FileChannel contentChannel;
  private final FileChannel bitsChannel;
  private final BitSet there = new BitSet();

  private PartialFile(
      Path content, Path bits, long sizeBytes, FileChannel contentChannel, FileChannel bitsChannel)
      throws IOException {
    this.content = content;
    this.bits = bits;
    this.sizeBytes = sizeBytes;
    this.contentChannel = contentChannel;
    this.bitsChannel = bitsChannel;
    int blocks = BlockRange.blocks(sizeBytes);
    if (contentChannel.size() <= sizeBytes && bitsChannel.size() <= blocks / Byte.SIZE + 1) {
      ByteBuffer read = ByteBuffer.allocate((int) bitsChannel.size());
      readFully(bitsChannel, read, 0);
      there.or(BitSet.valueOf(read.flip()));
      there.clear(blocks, Math.max(blocks, there.length()));
    } else {
      contentChannel.truncate(0);
      bitsChannel.truncate(0);
    }
  }

  /** Opens what there is of a blob in a folder, or begins it. */
  static PartialFile open(Path folder, BlobDigest digest, long sizeBytes) throws IOException {
    Files.createDirectories(folder);
    Path content = folder.resolve(digest.hex() + CONTENT);
    Path bits = folder.resolve(digest.hex() + BITS);
    FileChannel contentChannel = channel(content);
    try {
      return new PartialFile(content, bits, sizeBytes, contentChannel, channel(bits));
    } catch (IOException e) {
      contentChannel.close();
      throw e;
    }
  }

  private static FileChannel channel(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /** How many bytes of a blob there are in a folder, as the bits say. */
  static long bytesThere(Path folder, BlobDigest digest, long sizeBytes) throws IOException {
    if (!Files.exists(folder.resolve(digest.hex() + CONTENT))) {
      return 0;
    }
    try (PartialFile partial = open(folder, digest, sizeBytes)) {
      return partial.bytesThere();
    }
  }

  /** Deletes what nobody went on with since then. */
  static void prune(Path folder, Instant before) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder, "*{" + CONTENT + "," + BITS + "}")) {
      for (Path file : files) {
        if (Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  Path path() {
    return content;
  }

  synchronized long bytesThere() {
    return there.stream().mapToLong(block -> BlockRange.length(block, sizeBytes)).sum();
  }

  synchronized BitSet missing() {
    BitSet missing = new BitSet();
    missing.set(0, BlockRange.blocks(sizeBytes));
    missing.andNot(there);
    return missing;
  }

  /** Forgets every block that is not what the hashes say. */
  void verify(BlockHashes hashes, Digests.Heartbeat heartbeat) throws IOException {
    BitSet claimed;
    synchronized (this) {
      claimed = (BitSet) there.clone();
    }
    for (int block = claimed.nextSetBit(0); block >= 0; block = claimed.nextSetBit(block + 1)) {
      if (!hashes.matches(block, read(block))) {
        mark(block, false);
      }
      heartbeat.beat();
    }
  }

  /** Reads what there is. */
  private static void readFully(FileChannel from, ByteBuffer bytes, long position)
      throws IOException {
    int read = 0;
    while (bytes.hasRemaining() && read >= 0) {
      read = from.read(bytes, position + bytes.position());
    }
  }

  private byte[] read(int block) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(BlockRange.length(block, sizeBytes));
    readFully(contentChannel, bytes, BlockRange.offset(block));
    // What is not there stays zero and has another hash.
    return bytes.array();
  }

  /** Keeps a block that was verified. */
  void write(int block, byte[] bytes) throws IOException {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    long offset = BlockRange.offset(block);
    while (from.hasRemaining()) {
      contentChannel.write(from, offset + from.position());
    }
    mark(block, true);
  }

  private synchronized void mark(int block, boolean isThere) throws IOException {
    there.set(block, isThere);
    int at = block / Byte.SIZE;
    byte value = 0;
    for (int bit = 0; bit < Byte.SIZE; bit++) {
      value |= (byte) (there.get(at * Byte.SIZE + bit) ? 1 << bit : 0);
    }
    bitsChannel.write(ByteBuffer.wrap(new byte[] {value}), at);
  }

  /** The digest of the whole, which is on disk then. */
  BlobDigest digest(Digests.Heartbeat heartbeat) throws IOException {
    contentChannel.force(true);
    return Digests.of(content, heartbeat);
  }

  /** Deletes what is left of it. */
  void delete() throws IOException {
    close();
    Files.deleteIfExists(content);
    Files.deleteIfExists(bits);
  }

  @Override
  public void close() throws IOException {
    contentChannel.close();
    bitsChannel.close();
  }
}
