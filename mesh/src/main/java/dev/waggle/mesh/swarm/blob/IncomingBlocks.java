package dev.waggle.mesh.swarm.blob;

import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Puts the pieces of a read together. What waits for the reading thread is bounded by what was
 * asked for, at most {@link BlobRequest#READ_BLOCKS_MAX} blocks.
 */
final class IncomingBlocks extends FramedReader implements Blocks {
  private final BlockRange range;
  private final long sizeBytes;
  private final Consumer<IOException> onBroken;
  private final BlockingQueue<Item> items = new LinkedBlockingQueue<>();
  private final CompletableFuture<Stream> opened = new CompletableFuture<>();
  private volatile long heard = System.nanoTime();
  private int block;
  private boolean gone;
  private ByteBuffer assembling;

  private sealed interface Item {
    record Block(byte[] bytes) implements Item {}

    record Broken(IOException cause) implements Item {}
  }

  /**
   * @param onBroken hears of what ended it early; must not block
   */
  private IncomingBlocks(BlockRange range, long sizeBytes, Consumer<IOException> onBroken) {
    super(BlobProtocol.PIECE_FRAME_BYTES_MAX);
    this.range = range;
    this.sizeBytes = sizeBytes;
    this.onBroken = onBroken;
    this.block = range.from();
    this.assembling = ByteBuffer.allocate(BlockRange.length(block, sizeBytes));
  }

  /** Asks. */
  static Blocks begin(
      Connection connection,
      BlobRequest.Read request,
      long sizeBytes,
      Consumer<IOException> onBroken) {
    IncomingBlocks blocks = new IncomingBlocks(request.range(), sizeBytes, onBroken);
    connection
        .begin(BlobProtocol.PROTOCOL, blocks)
        .thenCompose(
            stream -> {
              blocks.opened.complete(stream);
              return send(stream, BlobProtocol.encode(request));
            })
        .whenComplete(
            (sent, failure) -> {
              if (failure != null) {
                blocks.onGone(new IOException("the connection ended", failure));
              }
            });
    return blocks;
  }

  /** Blocks that never come. */
  static Blocks broken(IOException cause) {
    IncomingBlocks blocks =
        new IncomingBlocks(new BlockRange(0, 1), BlockRange.BLOCK_BYTES, ignored -> {});
    blocks.onGone(cause);
    return blocks;
  }

  @Override
  protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
    BlobReply reply = BlobProtocol.reply(frame);
    if (reply instanceof BlobReply.Refused refused) {
      stream.reset();
      onGone(new BlobRefusedException(refused.reason()));
      return;
    }
    if (!(reply instanceof BlobReply.Piece piece)) {
      throw new MalformedFrameException("something else than a piece of a blob");
    }
    if (block == range.end() || piece.bytes().length > assembling.remaining()) {
      throw new MalformedFrameException("a piece of a blob goes beyond its block");
    }
    heard = System.nanoTime();
    assembling.put(piece.bytes());
    if (!assembling.hasRemaining()) {
      items.add(new Item.Block(assembling.array()));
      block++;
      if (block == range.end()) {
        stream.closeWrite();
      } else {
        assembling = ByteBuffer.allocate(BlockRange.length(block, sizeBytes));
      }
    }
  }

  @Override
  protected void onGone(IOException cause) {
    if (!gone) {
      gone = true;
      if (block < range.end()) {
        items.add(new Item.Broken(cause));
      }
      onBroken.accept(cause);
    }
  }

  @Override
  public byte[] next(Duration patience) throws IOException, InterruptedException {
    Item item = null;
    while (item == null) {
      long left = patience.toNanos() - (System.nanoTime() - heard);
      item = items.poll(Math.max(0, left), TimeUnit.NANOSECONDS);
      if (item == null && System.nanoTime() - heard >= patience.toNanos()) {
        throw new IOException("nothing came for " + patience.toSeconds() + " s");
      }
    }
    if (item instanceof Item.Block complete) {
      return complete.bytes();
    }
    throw ((Item.Broken) item).cause();
  }

  @Override
  public void close() {
    opened.thenAccept(Stream::reset);
    items.add(new Item.Broken(new IOException("it was abandoned")));
  }
}
