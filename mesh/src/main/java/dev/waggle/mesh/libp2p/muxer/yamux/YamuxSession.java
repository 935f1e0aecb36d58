package dev.waggle.mesh.libp2p.muxer.yamux;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.muxer.InboundStreams;
import dev.waggle.mesh.libp2p.muxer.MuxedConnection;
import dev.waggle.mesh.libp2p.muxer.MuxedStream;
import dev.waggle.mesh.libp2p.muxer.MuxedStreamEvents;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Queue;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The state of one Yamux connection: frames in, frames out. Lives on its event loop.
 *
 * <p>Invariants: a stream never takes more bytes than the window it announced, and announces more
 * only when bytes were consumed; all streams together never keep more than {@link
 * #UNREAD_BYTES_MAX}; writers with something to send wait in {@link #ready}, each once, so a pump
 * never looks at idle streams.
 */
final class YamuxSession implements MuxedConnection {
  /** The window that every stream begins with. */
  static final int WINDOW_BYTES = 256 << 10;

  /** The largest window of one stream. */
  static final int WINDOW_BYTES_MAX = 16 << 20;

  /** How much all streams together may announce beyond what they began with. */
  static final int GRANTED_BYTES_MAX = 32 << 20;

  /** The most streams that a peer may have open here at once; more are reset. */
  static final int INBOUND_STREAMS_MAX = 1_024;

  /** The most streams that this side opens at once. */
  static final int OUTBOUND_STREAMS_MAX = 1_024;

  /** The most bytes that wait for slow readers, over all streams; over it a stream is reset. */
  static final int UNREAD_BYTES_MAX = 64 << 20;

  /** How often the peer must show that it lives. */
  static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

  private static final int PAYLOAD_BYTES_MAX = 64 << 10;
  private static final int GO_AWAY_NORMAL = 0;
  private static final int GO_AWAY_PROTOCOL_ERROR = 1;

  /** Where frames go. */
  interface Output {
    /** Sends a frame; takes the payload over. */
    void write(Frame header, @Nullable ByteBuf payload);

    /** Whether the channel wants more. */
    boolean writable();

    /** Ends the channel after what was written. */
    void close();
  }

  private final InboundStreams inbound;
  private final Output output;
  private final LongSupplier clock;
  private final IntObjectMap<YamuxStream> streams = new IntObjectHashMap<>();

  /** For other threads. */
  private volatile int streamCount;

  private final Queue<YamuxStream> ready = new ArrayDeque<>();
  private final int remoteParity;
  private int nextId;
  private int inboundCount;
  private int outboundCount;
  private int highestRemoteId;
  private int unreadBytes;
  private int grantedBytes;
  private long pingedAt;
  private long roundTripNanos;
  private @Nullable YamuxStream receiving;
  private boolean receivingEnds;
  private boolean pinged;
  private int pingValue;
  private boolean remoteGoesAway;
  private boolean closed;

  /**
   * @param clock counts nanoseconds, from any beginning
   */
  YamuxSession(boolean initiator, InboundStreams inbound, Output output, LongSupplier clock) {
    this.inbound = inbound;
    this.output = output;
    this.clock = clock;
    this.nextId = initiator ? 1 : 2;
    this.remoteParity = initiator ? 0 : 1;
  }

  @Override
  public MuxedStream open(MuxedStreamEvents events) throws IOException {
    if (closed || remoteGoesAway || nextId < 0) {
      throw new IOException("the connection is ending");
    }
    if (outboundCount >= OUTBOUND_STREAMS_MAX) {
      throw new IOException("the connection has too many streams");
    }
    YamuxStream stream = new YamuxStream(this, nextId, true);
    stream.events(events);
    nextId += 2;
    outboundCount++;
    streams.put(stream.id(), stream);
    streamCount = streams.size();
    output.write(new Frame(Frame.Type.WINDOW_UPDATE, Frame.SYN, stream.id(), 0), null);
    return stream;
  }

  @Override
  public void close() {
    if (!closed) {
      output.write(new Frame(Frame.Type.GO_AWAY, 0, 0, GO_AWAY_NORMAL), null);
      output.close();
    }
  }

  /** The peer broke the protocol: say so and end. */
  void violate() {
    if (!closed) {
      output.write(new Frame(Frame.Type.GO_AWAY, 0, 0, GO_AWAY_PROTOCOL_ERROR), null);
      output.close();
    }
  }

  void onKeepAlive() {
    if (pinged) {
      output.close(); // The last ping was never answered.
      return;
    }
    ping();
  }

  /** Measures the round trip, and whether the peer is there. */
  void ping() {
    pinged = true;
    pingedAt = clock.getAsLong();
    output.write(new Frame(Frame.Type.PING, Frame.SYN, 0, ++pingValue), null);
  }

  /** Takes a header. A data frame's payload follows through {@link #onData}. */
  void onFrame(Frame frame) throws MalformedFrameException {
    switch (frame.type()) {
      case DATA -> onDataHeader(frame);
      case WINDOW_UPDATE -> onWindowUpdate(frame);
      case PING -> onPing(frame);
      case GO_AWAY -> remoteGoesAway = true;
    }
  }

  private void onPing(Frame frame) {
    if (frame.has(Frame.SYN)) {
      output.write(new Frame(Frame.Type.PING, Frame.ACK, 0, frame.length()), null);
    } else if (frame.has(Frame.ACK) && frame.length() == pingValue) {
      if (pinged) {
        roundTripNanos = Math.max(1, clock.getAsLong() - pingedAt);
      }
      pinged = false;
    }
  }

  /** Now, by the session's clock. */
  long now() {
    return clock.getAsLong();
  }

  /** The last measured round trip; 0 before the first. */
  long roundTripNanos() {
    return roundTripNanos;
  }

  /** Takes up to so many bytes from what windows may grow by; returns how many there were. */
  int grant(int wanted) {
    int granted = Math.min(wanted, GRANTED_BYTES_MAX - grantedBytes);
    grantedBytes += granted;
    return granted;
  }

  /** Gives back what a stream took. */
  void giveBack(int granted) {
    grantedBytes -= granted;
  }

  private void onDataHeader(Frame frame) throws MalformedFrameException {
    YamuxStream stream = target(frame);
    receiving = stream;
    receivingEnds = frame.has(Frame.FIN);
    if (stream != null) {
      stream.reserve(frame.length());
    }
  }

  /** A piece of the current data frame's payload. */
  void onData(ByteBuf bytes, boolean last) {
    YamuxStream stream = receiving;
    if (stream != null && bytes.isReadable()) {
      stream.receive(bytes);
    }
    if (last) {
      receiving = null;
      if (stream != null && receivingEnds) {
        stream.onRemoteEnd();
      }
    }
  }

  private void onWindowUpdate(Frame frame) throws MalformedFrameException {
    YamuxStream stream = target(frame);
    if (stream != null) {
      stream.grow(frame.length());
      if (frame.has(Frame.FIN)) {
        stream.onRemoteEnd();
      }
    }
  }

  /** The stream a frame is for, after its SYN and RST were heeded; null when there is none. */
  private @Nullable YamuxStream target(Frame frame) throws MalformedFrameException {
    if (frame.has(Frame.SYN)) {
      accept(frame.stream());
    }
    YamuxStream stream = streams.get(frame.stream());
    if (stream != null && frame.has(Frame.RST)) {
      stream.onRemoteReset();
      return null;
    }
    // Frames for a stream that just ended here are late, not wrong.
    return stream;
  }

  private void accept(int id) throws MalformedFrameException {
    if ((id & 1) != remoteParity || id <= highestRemoteId) {
      throw new MalformedFrameException("a yamux stream is opened under a wrong id");
    }
    highestRemoteId = id;
    if (inboundCount >= INBOUND_STREAMS_MAX || closed) {
      output.write(new Frame(Frame.Type.WINDOW_UPDATE, Frame.RST, id, 0), null);
      return;
    }
    inboundCount++;
    YamuxStream stream = new YamuxStream(this, id, false);
    streams.put(id, stream);
    streamCount = streams.size();
    output.write(new Frame(Frame.Type.WINDOW_UPDATE, Frame.ACK, id, 0), null);
    stream.events(inbound.onStream(stream));
  }

  @Override
  public int streams() {
    return streamCount;
  }

  /** Sends what streams have ready, each in its turn, while the channel takes it. */
  void pump() {
    while (!closed && output.writable()) {
      YamuxStream stream = ready.poll();
      if (stream == null) {
        return;
      }
      stream.queued(false);
      if (stream.sendOne(PAYLOAD_BYTES_MAX)) {
        enqueue(stream);
      }
    }
  }

  void enqueue(YamuxStream stream) {
    if (!stream.queued()) {
      stream.queued(true);
      ready.add(stream);
    }
  }

  void send(Frame header, @Nullable ByteBuf payload) {
    if (!closed) {
      output.write(header, payload);
    } else if (payload != null) {
      payload.release();
    }
  }

  /** Counts bytes that wait for a reader; false when there are too many. */
  boolean keepUnread(int bytes) {
    if (unreadBytes + bytes > UNREAD_BYTES_MAX) {
      return false;
    }
    unreadBytes += bytes;
    return true;
  }

  void releaseUnread(int bytes) {
    unreadBytes -= bytes;
  }

  void remove(YamuxStream stream) {
    if (streams.remove(stream.id()) != null) {
      streamCount = streams.size();
      giveBack(stream.granted());
      if (stream.local()) {
        outboundCount--;
      } else {
        inboundCount--;
      }
    }
  }

  boolean isClosed() {
    return closed;
  }

  /** The channel is gone, and every stream with it. */
  void onClosed() {
    closed = true;
    for (YamuxStream stream : new ArrayList<>(streams.values())) {
      stream.onRemoteReset();
    }
    ready.clear();
  }
}
