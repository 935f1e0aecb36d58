package dev.waggle.mesh.libp2p.muxer.yamux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.muxer.MuxedStream;
import dev.waggle.mesh.libp2p.muxer.MuxedStreamEvents;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The machine of Yamux, without a network: frames in, frames out, and a clock that is told. */
class YamuxSessionTest {
  private static final int WINDOW = YamuxSession.WINDOW_BYTES;

  private final Recording output = new Recording();
  private final List<Reader> readers = new ArrayList<>();
  private long now;
  private final YamuxSession session = new YamuxSession(false, this::onStream, output, () -> now);

  private MuxedStreamEvents onStream(MuxedStream stream) {
    Reader reader = new Reader(stream);
    readers.add(reader);
    return reader;
  }

  /** What the session sends. */
  private static final class Recording implements YamuxSession.Output {
    final List<Frame> frames = new ArrayList<>();
    boolean closed;

    @Override
    public void write(Frame header, @Nullable ByteBuf payload) {
      frames.add(header);
      if (payload != null) {
        payload.release();
      }
    }

    @Override
    public boolean writable() {
      return true;
    }

    @Override
    public void close() {
      closed = true;
    }

    List<Frame> updates() {
      return frames.stream()
          .filter(frame -> frame.type() == Frame.Type.WINDOW_UPDATE && frame.length() > 0)
          .toList();
    }
  }

  private static final class Reader implements MuxedStreamEvents {
    final MuxedStream stream;
    int received;
    boolean ended;
    boolean reset;

    Reader(MuxedStream stream) {
      this.stream = stream;
    }

    @Override
    public void onData(ByteBuf bytes) {
      received += bytes.readableBytes();
    }

    @Override
    public void onEnd() {
      ended = true;
    }

    @Override
    public void onReset() {
      reset = true;
    }
  }

  private Reader open(int id) throws MalformedFrameException {
    session.onFrame(new Frame(Frame.Type.WINDOW_UPDATE, Frame.SYN, id, 0));
    return readers.get(readers.size() - 1);
  }

  private void send(int id, int length) throws MalformedFrameException {
    session.onFrame(new Frame(Frame.Type.DATA, 0, id, length));
    ByteBuf bytes = Unpooled.wrappedBuffer(new byte[length]);
    session.onData(bytes, true);
    bytes.release();
  }

  private void measureRoundTrip(Duration time) throws MalformedFrameException {
    session.ping();
    now += time.toNanos();
    Frame ping = output.frames.get(output.frames.size() - 1);
    session.onFrame(new Frame(Frame.Type.PING, Frame.ACK, 0, ping.length()));
  }

  @Test
  void dataBeyondTheWindow_isAViolation() throws Exception {
    Reader reader = open(1);
    reader.stream.reading(false);
    send(1, WINDOW);
    assertThatThrownBy(() -> send(1, 1))
        .isInstanceOf(MalformedFrameException.class)
        .hasMessageContaining("window");
  }

  @Test
  void window_isAnnouncedWhenBytesWereConsumed_notWhenTheyArrived() throws Exception {
    Reader reader = open(1);
    reader.stream.reading(false);
    send(1, WINDOW);
    assertThat(output.updates()).isEmpty();
    assertThat(reader.received).isZero();
    reader.stream.reading(true);
    assertThat(reader.received).isEqualTo(WINDOW);
    assertThat(output.updates()).containsExactly(new Frame(Frame.Type.WINDOW_UPDATE, 0, 1, WINDOW));
  }

  @Test
  void fastReader_getsALargerWindow_upToTheMost() throws Exception {
    measureRoundTrip(Duration.ofMillis(10));
    open(1);
    long announced = WINDOW;
    long sent = 0;
    for (int i = 0; i < 4_000; i++) {
      now += Duration.ofMillis(1).toNanos();
      int piece = (int) Math.min(WINDOW / 2, announced - sent);
      send(1, piece);
      sent += piece;
      announced = WINDOW + output.updates().stream().mapToLong(Frame::length).sum();
    }
    assertThat(announced - sent)
        .isGreaterThan(YamuxSession.WINDOW_BYTES_MAX / 2)
        .isLessThanOrEqualTo(YamuxSession.WINDOW_BYTES_MAX);
  }

  @Test
  void slowReader_keepsItsWindow() throws Exception {
    measureRoundTrip(Duration.ofMillis(10));
    open(1);
    for (int i = 0; i < 100; i++) {
      now += Duration.ofSeconds(1).toNanos();
      send(1, WINDOW / 2);
    }
    assertThat(output.updates()).hasSize(100).allMatch(frame -> frame.length() == WINDOW / 2);
  }

  @Test
  void allWindowsTogether_growOnlySoFar_andGiveBackWhatTheyTook() throws Exception {
    measureRoundTrip(Duration.ofSeconds(10));
    int streams = 20;
    for (int round = 0; round < 2; round++) {
      int before = output.updates().size();
      long granted = 0;
      for (int i = 0; i < streams; i++) {
        int id = 1 + 2 * (i + round * streams);
        open(id);
        for (int step = 0; step < 8; step++) {
          send(id, WINDOW / 2);
          send(id, WINDOW / 2);
        }
      }
      for (Frame update : output.updates().subList(before, output.updates().size())) {
        granted += update.length();
      }
      long consumed = (long) streams * 8 * WINDOW;
      assertThat(granted - consumed)
          .isPositive()
          .isLessThanOrEqualTo(YamuxSession.GRANTED_BYTES_MAX);
      for (int i = 0; i < streams; i++) {
        int id = 1 + 2 * (i + round * streams);
        session.onFrame(new Frame(Frame.Type.WINDOW_UPDATE, Frame.RST, id, 0));
      }
    }
    assertThat(readers).allMatch(reader -> reader.reset);
  }

  @Test
  void streamsBeyondTheMost_areReset_andTheOthersLive() throws Exception {
    for (int i = 0; i < YamuxSession.INBOUND_STREAMS_MAX; i++) {
      open(1 + 2 * i);
    }
    int id = 1 + 2 * YamuxSession.INBOUND_STREAMS_MAX;
    session.onFrame(new Frame(Frame.Type.WINDOW_UPDATE, Frame.SYN, id, 0));
    assertThat(readers).hasSize(YamuxSession.INBOUND_STREAMS_MAX);
    assertThat(output.frames).contains(new Frame(Frame.Type.WINDOW_UPDATE, Frame.RST, id, 0));
    send(1, 10);
    assertThat(readers.get(0).received).isEqualTo(10);
  }

  @Test
  void streamIds_areThePeersOwn_andOnlyRise() throws Exception {
    open(5);
    for (int wrong : new int[] {2, 3, 5}) {
      assertThatThrownBy(() -> open(wrong)).isInstanceOf(MalformedFrameException.class);
    }
  }

  @Test
  void combinedFlags_areHeeded() throws Exception {
    Reader reader = open(1);
    MuxedStream mine = session.open(reader);
    session.onFrame(new Frame(Frame.Type.WINDOW_UPDATE, Frame.ACK | Frame.FIN, 2, 0));
    assertThat(reader.ended).isTrue();
    mine.closeWrite();
    assertThat(output.frames.get(output.frames.size() - 1).has(Frame.FIN)).isTrue();
  }

  @Test
  void pings_areAnswered_andASilentPeerIsLeft() throws Exception {
    session.onFrame(new Frame(Frame.Type.PING, Frame.SYN, 0, 77));
    assertThat(output.frames).contains(new Frame(Frame.Type.PING, Frame.ACK, 0, 77));
    session.onKeepAlive();
    assertThat(output.closed).isFalse();
    session.onKeepAlive();
    assertThat(output.closed).isTrue();
  }

  @Test
  void afterGoAway_nothingNewIsOpened() throws Exception {
    Reader reader = open(1);
    session.onFrame(new Frame(Frame.Type.GO_AWAY, 0, 0, 0));
    assertThatThrownBy(() -> session.open(reader)).isInstanceOf(IOException.class);
    send(1, 3);
    assertThat(reader.received).isEqualTo(3);
  }

  @Test
  void closedChannel_resetsEveryStream() throws Exception {
    Reader first = open(1);
    Reader second = open(3);
    session.onClosed();
    assertThat(first.reset).isTrue();
    assertThat(second.reset).isTrue();
    assertThatThrownBy(() -> session.open(first)).isInstanceOf(IOException.class);
  }
}
