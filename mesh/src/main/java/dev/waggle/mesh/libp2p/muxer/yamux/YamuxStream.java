package dev.waggle.mesh.libp2p.muxer.yamux;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.muxer.MuxedStream;
import dev.waggle.mesh.libp2p.muxer.MuxedStreamEvents;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One stream of a {@link YamuxSession}. Lives on its event loop. */
final class YamuxStream implements MuxedStream {
  /** Bytes on their way out and who waits for them. */
  private record Pending(ByteBuf bytes, CompletableFuture<Void> sent) {}

  private static final int FAST_ROUND_TRIPS = 4;

  private final YamuxSession session;
  private final int id;
  private final boolean local;
  private final Deque<Pending> pending = new ArrayDeque<>();
  private final Deque<ByteBuf> unread = new ArrayDeque<>();
  private @Nullable MuxedStreamEvents events;
  private long sendWindow = YamuxSession.WINDOW_BYTES;
  private int receiveWindow = YamuxSession.WINDOW_BYTES;
  private int consumed;
  private int granted;
  private long announcedAt;
  private boolean reading = true;
  private boolean delivering;
  private boolean queued;
  private boolean closing;
  private boolean finSent;
  private boolean remoteEnded;
  private boolean endTold;
  private boolean gone;

  YamuxStream(YamuxSession session, int id, boolean local) {
    this.session = session;
    this.id = id;
    this.local = local;
    this.announcedAt = session.now();
  }

  void events(MuxedStreamEvents events) {
    this.events = events;
  }

  /** By how much the window has grown beyond what every stream begins with. */
  int granted() {
    return granted;
  }

  int id() {
    return id;
  }

  boolean local() {
    return local;
  }

  boolean queued() {
    return queued;
  }

  void queued(boolean queued) {
    this.queued = queued;
  }

  // ---- outbound

  @Override
  public CompletableFuture<Void> write(ByteBuf bytes) {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    if (gone || closing) {
      bytes.release();
      sent.completeExceptionally(new IOException("the stream has ended"));
      return sent;
    }
    pending.add(new Pending(bytes, sent));
    if (sendWindow > 0) {
      session.enqueue(this);
      session.pump();
    }
    return sent;
  }

  @Override
  public void closeWrite() {
    if (!closing && !gone) {
      closing = true;
      finishWriting();
    }
  }

  /** Sends at most one frame of data; returns whether more could be sent now. */
  boolean sendOne(int bytesMax) {
    Pending first = pending.peek();
    if (first == null || gone) {
      return false;
    }
    int length = (int) Math.min(Math.min(first.bytes.readableBytes(), bytesMax), sendWindow);
    if (length > 0) {
      sendWindow -= length;
      session.send(
          new Frame(Frame.Type.DATA, 0, id, length), first.bytes.readRetainedSlice(length));
    }
    if (!first.bytes.isReadable()) {
      pending.poll();
      first.bytes.release();
      first.sent.complete(null);
      finishWriting();
    }
    return !pending.isEmpty() && sendWindow > 0;
  }

  private void finishWriting() {
    if (closing && !finSent && pending.isEmpty() && !gone) {
      finSent = true;
      session.send(new Frame(Frame.Type.WINDOW_UPDATE, Frame.FIN, id, 0), null);
      endIfBothDone();
    }
  }

  void grow(int delta) throws MalformedFrameException {
    sendWindow += delta;
    if (sendWindow > Integer.MAX_VALUE) {
      throw new MalformedFrameException("a yamux window is too large");
    }
    if (!pending.isEmpty() && sendWindow > 0) {
      session.enqueue(this);
      session.pump();
    }
  }

  // ---- inbound

  /** A data frame of this length begins: it must fit the window that was announced. */
  void reserve(int length) throws MalformedFrameException {
    if (length > receiveWindow || (remoteEnded && length > 0)) {
      throw new MalformedFrameException("a yamux stream sends more than its window");
    }
    receiveWindow -= length;
  }

  void receive(ByteBuf bytes) {
    if (gone) {
      return;
    }
    if (reading && !delivering && unread.isEmpty()) {
      deliver(bytes);
    } else if (session.keepUnread(bytes.readableBytes())) {
      unread.add(bytes.retain());
    } else {
      reset();
      tellReset();
    }
  }

  private void deliver(ByteBuf bytes) {
    int length = bytes.readableBytes();
    delivering = true;
    try {
      if (events != null) {
        events.onData(bytes);
      }
    } finally {
      delivering = false;
    }
    consumed += length;
    if (!gone && !remoteEnded && consumed >= window() / 2) {
      announce();
    }
  }

  private int window() {
    return YamuxSession.WINDOW_BYTES + granted;
  }

  /**
   * Announces what was consumed. A reader that empties half a window within a few round trips is
   * waiting for the sender, so its window doubles.
   */
  private void announce() {
    long now = session.now();
    boolean fast = now - announcedAt < FAST_ROUND_TRIPS * session.roundTripNanos();
    if (fast) {
      int room = Math.min(window(), YamuxSession.WINDOW_BYTES_MAX - window());
      int more = session.grant(room);
      granted += more;
      consumed += more;
    }
    announcedAt = now;
    receiveWindow += consumed;
    session.send(new Frame(Frame.Type.WINDOW_UPDATE, 0, id, consumed), null);
    consumed = 0;
  }

  @Override
  public void reading(boolean on) {
    reading = on;
    while (reading && !delivering && !gone && !unread.isEmpty()) {
      ByteBuf bytes = unread.remove();
      session.releaseUnread(bytes.readableBytes());
      try {
        deliver(bytes);
      } finally {
        bytes.release();
      }
    }
    tellEnd();
  }

  void onRemoteEnd() {
    if (!remoteEnded && !gone) {
      remoteEnded = true;
      tellEnd();
    }
  }

  private void tellEnd() {
    if (remoteEnded && !endTold && reading && unread.isEmpty() && !gone) {
      endTold = true;
      if (events != null) {
        events.onEnd();
      }
      endIfBothDone();
    }
  }

  // ---- both

  private void endIfBothDone() {
    if (finSent && endTold && !gone) {
      gone = true;
      session.remove(this);
    }
  }

  @Override
  public void reset() {
    if (!gone) {
      session.send(new Frame(Frame.Type.WINDOW_UPDATE, Frame.RST, id, 0), null);
      drop();
    }
  }

  void onRemoteReset() {
    if (!gone) {
      drop();
      tellReset();
    }
  }

  private void tellReset() {
    if (events != null) {
      events.onReset();
    }
  }

  private void drop() {
    gone = true;
    session.remove(this);
    while (!unread.isEmpty()) {
      ByteBuf bytes = unread.remove();
      session.releaseUnread(bytes.readableBytes());
      bytes.release();
    }
    while (!pending.isEmpty()) {
      Pending each = pending.remove();
      each.bytes.release();
      each.sent.completeExceptionally(new IOException("the stream was reset"));
    }
  }
}
