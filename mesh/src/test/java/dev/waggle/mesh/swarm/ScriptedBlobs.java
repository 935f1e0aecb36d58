package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobSource;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Has one blob in memory, and says the rest as the test says. */
final class ScriptedBlobs implements BlobSource {
  final AtomicInteger open = new AtomicInteger();
  volatile boolean shared = true;
  volatile @Nullable ModelManifest manifest;
  volatile BlobReply hashes = new BlobReply.Refused(BlobReply.Reason.UNKNOWN);

  /** Reads wait for it. */
  volatile CompletableFuture<Void> stalled = CompletableFuture.completedFuture(null);

  private final byte[] content;

  ScriptedBlobs(int size) {
    content = new byte[size];
    new Random(5).nextBytes(content);
  }

  BlobDigest digest() {
    return new BlobDigest("ab".repeat(32));
  }

  long size() {
    return content.length;
  }

  byte[] block(int block) {
    int from = block * BlockRange.BLOCK_BYTES;
    return Arrays.copyOfRange(content, from, from + BlockRange.length(block, content.length));
  }

  @Override
  public boolean isOpenTo(PeerId member) {
    return shared;
  }

  @Override
  public Optional<ModelManifest> describe(String model, String digest) {
    return Optional.ofNullable(manifest);
  }

  @Override
  public BlobReply hashes(BlobDigest digest, BlockRange range) {
    return hashes;
  }

  @Override
  public Optional<SeekableByteChannel> open(BlobDigest digest) {
    if (!digest.equals(digest())) {
      return Optional.empty();
    }
    open.incrementAndGet();
    return Optional.of(new Content());
  }

  private final class Content implements SeekableByteChannel {
    private final ByteBuffer bytes = ByteBuffer.wrap(content);
    private boolean closed;

    @Override
    public int read(ByteBuffer into) {
      stalled.join();
      int length = Math.min(into.remaining(), bytes.remaining());
      into.put(bytes.slice(bytes.position(), length));
      bytes.position(bytes.position() + length);
      return length;
    }

    @Override
    public int write(ByteBuffer from) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long position() {
      return bytes.position();
    }

    @Override
    public SeekableByteChannel position(long position) {
      bytes.position((int) position);
      return this;
    }

    @Override
    public long size() {
      return content.length;
    }

    @Override
    public SeekableByteChannel truncate(long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isOpen() {
      return !closed;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        open.decrementAndGet();
      }
    }
  }
}
