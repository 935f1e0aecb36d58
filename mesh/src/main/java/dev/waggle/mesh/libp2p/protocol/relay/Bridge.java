package dev.waggle.mesh.libp2p.protocol.relay;

import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Two streams as one: what comes from one goes to the other, no faster than that takes it. Ends
 * both when a limit is reached or one breaks.
 */
final class Bridge {
  private final Stream one;
  private final Stream other;
  private final long bytesMax;
  private final Runnable onOver;
  private final AtomicBoolean over = new AtomicBoolean();
  private final Way there;
  private final Way back;

  /**
   * @param bytesMax how many bytes each way; 0 for no limit
   * @param onOver called once, when nothing runs any more
   */
  Bridge(Stream one, Stream other, long bytesMax, Runnable onOver) {
    this.one = one;
    this.other = other;
    this.bytesMax = bytesMax;
    this.onOver = onOver;
    this.there = new Way(other);
    this.back = new Way(one);
  }

  /** Reads the first stream. */
  StreamReader there() {
    return there;
  }

  /** Reads the second one. */
  StreamReader back() {
    return back;
  }

  /** Breaks both streams off. */
  void end() {
    one.reset();
    other.reset();
    if (over.compareAndSet(false, true)) {
      onOver.run();
    }
  }

  private final class Way implements StreamReader {
    private final Stream to;
    private long carried;
    private volatile boolean ended;

    Way(Stream to) {
      this.to = to;
    }

    @Override
    public void onData(Stream from, ByteBuffer bytes) {
      carried += bytes.remaining();
      if (bytesMax > 0 && carried > bytesMax) {
        end();
        return;
      }
      ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
      var written = to.write(copy);
      if (!written.isDone()) {
        from.reading(false);
        written.thenRun(() -> from.reading(true));
      } else if (written.isCompletedExceptionally()) {
        end();
      }
    }

    @Override
    public void onEnd(Stream from) {
      ended = true;
      to.closeWrite();
      if (there.ended && back.ended && over.compareAndSet(false, true)) {
        onOver.run();
      }
    }

    @Override
    public void onReset(Stream from) {
      end();
    }
  }
}
