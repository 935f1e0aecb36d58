package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The way to a neighbour: one stream, one write at a time. What gathers meanwhile goes out
 * together, control before messages, so that it is never stuck behind them. Thread-safe.
 */
final class Neighbour implements StreamReader {
  /** The most bytes of messages that wait for a slow neighbour; then the oldest are dropped. */
  static final int WAITING_BYTES_MAX = 4 << 20;

  /** The most control RPCs that wait. */
  static final int WAITING_CONTROL_MAX = 1_024;

  /** How many bytes of messages go out together. */
  private static final int BATCH_BYTES = 64 << 10;

  private final Connection connection;
  private final Consumer<Neighbour> onLost;
  private final Deque<byte[]> control = new ArrayDeque<>();
  private final Deque<Message> messages = new ArrayDeque<>();
  private long messageBytes;
  private @Nullable Stream stream;
  private boolean sending;
  private boolean begun;

  /**
   * @param onLost called when the neighbour ended the stream that it is told things on
   */
  Neighbour(Connection connection, Consumer<Neighbour> onLost) {
    this.connection = connection;
    this.onLost = onLost;
  }

  Connection connection() {
    return connection;
  }

  PeerId id() {
    return connection.remotePeer();
  }

  /** Whether this is the first call: from then on the router knows it. */
  synchronized boolean begin() {
    boolean first = !begun;
    begun = true;
    return first;
  }

  synchronized void onOpened(Stream opened) {
    stream = opened;
    sendNext();
  }

  synchronized void send(Rpc rpc) {
    if (rpc.hasControl() || !rpc.subscriptions.isEmpty()) {
      if (control.size() >= WAITING_CONTROL_MAX) {
        control.remove();
      }
      control.add(RpcCodec.encodeControl(rpc));
    }
    for (Message message : rpc.messages) {
      messages.add(message);
      messageBytes += message.encoded().size();
    }
    while (messageBytes > WAITING_BYTES_MAX) {
      messageBytes -= messages.remove().encoded().size();
    }
    sendNext();
  }

  /** Drops messages that wait: the neighbour has them. */
  synchronized void withdraw(List<ByteString> ids) {
    if (messages.isEmpty()) {
      return;
    }
    Set<ByteString> known = new HashSet<>(ids);
    messages.removeIf(
        message -> {
          boolean drop = known.contains(message.id());
          messageBytes -= drop ? message.encoded().size() : 0;
          return drop;
        });
  }

  private synchronized void sendNext() {
    if (stream == null || sending || (control.isEmpty() && messages.isEmpty())) {
      return;
    }
    sending = true;
    stream
        .write(nextBatch())
        .whenComplete(
            (sent, failure) -> {
              synchronized (this) {
                sending = false;
              }
              if (failure == null) {
                sendNext();
              }
            });
  }

  private ByteBuffer nextBatch() {
    List<Message> batch = new ArrayList<>();
    int published = 0;
    while (!messages.isEmpty()) {
      int size = RpcCodec.publishedBytes(messages.peek());
      if (published > 0 && published + size > BATCH_BYTES) {
        break;
      }
      published += size;
      messageBytes -= messages.peek().encoded().size();
      batch.add(messages.remove());
    }
    int bytes = published == 0 ? 0 : FrameAssembler.framedBytes(published);
    for (byte[] each : control) {
      bytes += FrameAssembler.framedBytes(each.length);
    }
    byte[] frames = new byte[bytes];
    try {
      CodedOutputStream to = CodedOutputStream.newInstance(frames);
      while (!control.isEmpty()) {
        byte[] next = control.remove();
        to.writeUInt32NoTag(next.length);
        to.writeRawBytes(next);
      }
      if (published > 0) {
        to.writeUInt32NoTag(published);
        RpcCodec.writePublished(batch, to);
      }
      to.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("the size was computed wrongly", e);
    }
    return ByteBuffer.wrap(frames);
  }

  @Override
  public void onData(Stream from, ByteBuffer bytes) {
    // Each side sends on the stream that it opened; nothing should come here.
    from.reset();
  }

  @Override
  public void onEnd(Stream from) {
    // It will never write here, and that is all this says.
  }

  @Override
  public void onReset(Stream from) {
    synchronized (this) {
      stream = null;
    }
    onLost.accept(this);
  }
}
