package dev.waggle.mesh.libp2p.protocol.pubsub;

import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.pb.PubsubRpc;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A directly connected peer: what it subscribed to, and what waits to be sent to it. */
final class Neighbour implements StreamReader {
  /** The most messages that wait for a slow neighbour; then the oldest is dropped. */
  static final int WAITING_MAX = 256;

  /** The most topics of one neighbour. */
  static final int TOPICS_MAX = 128;

  private static final Logger log = LoggerFactory.getLogger(Neighbour.class);

  private final Connection connection;
  private final Set<String> topics = new HashSet<>();
  private final Queue<byte[]> waiting = new ArrayDeque<>();
  private @Nullable Stream stream;
  private boolean sending;

  Neighbour(Connection connection) {
    this.connection = connection;
  }

  Connection connection() {
    return connection;
  }

  /** Opens the stream to it, with a first message. */
  void open(PubsubRpc hello) {
    send(hello);
    connection
        .open(List.of(FloodSub.PROTOCOL), this)
        .whenComplete(
            (opened, failure) -> {
              if (failure != null) {
                log.debug("no pubsub with {}: {}", connection, failure.getMessage());
              } else {
                onOpened(opened);
              }
            });
  }

  private synchronized void onOpened(Stream opened) {
    stream = opened;
    sendNext();
  }

  synchronized boolean wants(String topic) {
    return topics.contains(topic);
  }

  synchronized void onSubscription(String topic, boolean subscribe) throws MalformedFrameException {
    if (!subscribe) {
      topics.remove(topic);
    } else if (topics.size() < TOPICS_MAX) {
      topics.add(topic);
    } else {
      throw new MalformedFrameException("a peer subscribes to too many topics");
    }
  }

  synchronized void send(PubsubRpc rpc) {
    if (waiting.size() >= WAITING_MAX) {
      waiting.remove();
    }
    waiting.add(rpc.toByteArray());
    sendNext();
  }

  private synchronized void sendNext() {
    if (stream == null || sending) {
      return;
    }
    byte[] next = waiting.poll();
    if (next == null) {
      return;
    }
    sending = true;
    stream
        .write(FrameAssembler.frame(next))
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
  public synchronized void onReset(Stream from) {
    stream = null;
  }
}
