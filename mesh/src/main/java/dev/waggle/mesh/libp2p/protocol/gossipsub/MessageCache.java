package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Messages of the last heartbeats, for neighbours that missed one (gossipsub v1.0 "mcache"). */
final class MessageCache {
  /** The most bytes of all messages; then the oldest heartbeat's go early. */
  static final long BYTES_MAX = 32L << 20;

  /** How often one neighbour gets the same message. */
  static final int RETRANSMISSIONS_MAX = 3;

  private final int historyWindows;
  private final int gossipWindows;
  private final Map<ByteString, Entry> entries = new HashMap<>();

  /** The newest first. */
  private final Deque<List<Message>> windows = new ArrayDeque<>();

  private long bytes;

  private static final class Entry {
    final Message message;
    final Map<PeerId, Integer> sent = new HashMap<>(0);

    Entry(Message message) {
      this.message = message;
    }
  }

  MessageCache(int historyWindows, int gossipWindows) {
    this.historyWindows = historyWindows;
    this.gossipWindows = gossipWindows;
    windows.addFirst(new ArrayList<>(0));
  }

  void put(Message message) {
    if (entries.putIfAbsent(message.id(), new Entry(message)) != null) {
      return;
    }
    windows.getFirst().add(message);
    bytes += message.encoded().size();
    while (bytes > BYTES_MAX && windows.size() > 1) {
      dropOldest();
    }
  }

  /** The message for a neighbour that asks; empty when it is gone or was sent often enough. */
  Optional<Message> askedFor(ByteString id, PeerId by) {
    Entry entry = entries.get(id);
    if (entry == null || entry.sent.merge(by, 1, Integer::sum) > RETRANSMISSIONS_MAX) {
      return Optional.empty();
    }
    return Optional.of(entry.message);
  }

  /** The ids of a topic's newest messages. */
  List<ByteString> gossip(String topic) {
    List<ByteString> ids = new ArrayList<>();
    int window = 0;
    for (List<Message> messages : windows) {
      if (window++ >= gossipWindows) {
        break;
      }
      for (Message message : messages) {
        if (message.topic().equals(topic)) {
          ids.add(message.id());
        }
      }
    }
    return ids;
  }

  /** A heartbeat is over. */
  void shift() {
    windows.addFirst(new ArrayList<>(0));
    while (windows.size() > historyWindows) {
      dropOldest();
    }
  }

  private void dropOldest() {
    for (Message message : windows.removeLast()) {
      entries.remove(message.id());
      bytes -= message.encoded().size();
    }
  }
}
