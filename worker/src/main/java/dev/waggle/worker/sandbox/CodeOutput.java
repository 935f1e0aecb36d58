package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.worker.engine.Generation;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

/**
 * What code writes, on its way to the reader, up to a limit of both streams together. What goes
 * beyond is read and forgotten, so that code which says too much ends as it would have. Whoever
 * writes never waits for the reader: a slow one does not use up the time of the code, and what
 * waits is within the limit. Thread-safe.
 */
public final class CodeOutput {
  private static final int READ_BYTES = 16 << 10;

  private final Queue<Chunk.Output> waiting = new ArrayDeque<>();
  private int room;
  private boolean cut;
  private boolean ended;
  private long endedNanos;

  /**
   * An output of which nothing is written yet.
   *
   * @param bytesMax of both streams together
   */
  public CodeOutput(int bytesMax) {
    this.room = bytesMax;
  }

  /**
   * Takes what was written.
   *
   * @param error whether as an error, else as output
   * @param length how many of the bytes, from the first, were written
   */
  public synchronized void write(boolean error, byte[] bytes, int length) {
    int kept = Math.min(room, length);
    cut |= kept < length;
    room -= kept;
    for (int from = 0; from < kept; from += Chunk.PART_BYTES_MAX) {
      int to = Math.min(kept, from + Chunk.PART_BYTES_MAX);
      waiting.add(new Chunk.Output(error, Bytes.of(Arrays.copyOfRange(bytes, from, to))));
    }
    notifyAll();
  }

  /** Takes a stream to its end; blocks. A stream that breaks has ended. */
  public void writeAll(boolean error, InputStream stream) {
    byte[] bytes = new byte[READ_BYTES];
    try (stream) {
      int read;
      while ((read = stream.read(bytes)) >= 0) {
        write(error, bytes, read);
      }
    } catch (IOException e) {
      // The process at its other end was killed.
    }
  }

  /** Says that nothing more will be written. */
  public synchronized void end() {
    if (!ended) {
      endedNanos = System.nanoTime();
      ended = true;
    }
    notifyAll();
  }

  /** Whether more was written than may be. */
  public synchronized boolean cut() {
    return cut;
  }

  synchronized boolean ended() {
    return ended;
  }

  /** When it ended, on the clock of {@link System#nanoTime}. */
  synchronized long endedNanos() {
    return endedNanos;
  }

  /** Waits for the end, at most for some time. */
  synchronized void awaitEnd(Duration most) {
    long until = System.nanoTime() + most.toNanos();
    try {
      long left;
      while (!ended && (left = until - System.nanoTime()) > 0) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Hands over what is written, as it comes; blocks until the end. */
  void deliver(Generation.Output reader) throws IOException, InterruptedException {
    while (true) {
      Chunk.Output next;
      synchronized (this) {
        while (waiting.isEmpty() && !ended) {
          wait();
        }
        next = waiting.poll();
      }
      if (next == null) {
        return;
      }
      reader.chunk(next);
    }
  }
}
