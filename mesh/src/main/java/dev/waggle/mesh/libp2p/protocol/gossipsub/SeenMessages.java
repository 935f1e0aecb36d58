package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The ids of judged messages; the oldest makes room, and all go after a while. */
final class SeenMessages {
  /** The most ids: two minutes of more than 500 messages a second. */
  static final int IDS_MAX = 65_536;

  private final long timeToLive;
  private final Map<ByteString, Seen> seen = new LinkedHashMap<>();

  /** What was judged, and when. */
  record Seen(Judgement judgement, long at) {}

  SeenMessages(long timeToLive) {
    this.timeToLive = timeToLive;
  }

  @Nullable Seen find(ByteString id) {
    return seen.get(id);
  }

  boolean contains(ByteString id) {
    return seen.containsKey(id);
  }

  void add(ByteString id, Judgement judgement, long now) {
    if (seen.size() >= IDS_MAX) {
      Iterator<ByteString> oldest = seen.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
    seen.putIfAbsent(id, new Seen(judgement, now));
  }

  void expire(long now) {
    Iterator<Seen> oldest = seen.values().iterator();
    while (oldest.hasNext() && now - oldest.next().at() > timeToLive) {
      oldest.remove();
    }
  }

  int size() {
    return seen.size();
  }
}
