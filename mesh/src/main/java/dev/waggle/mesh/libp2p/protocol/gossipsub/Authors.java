package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.RecentMap;
import java.util.Map;

/**
 * The authors that were heard last. A name that is kept has its key ready, which saves a tenth of
 * each check of a signature. Thread-safe.
 */
final class Authors {
  static final int KEPT_MAX = 1_024;

  private final Map<ByteString, PeerId> known = new RecentMap<>(KEPT_MAX);

  /**
   * The author of that name.
   *
   * @throws IllegalArgumentException if it is no peer id of an Ed25519 key
   */
  PeerId of(ByteString from) {
    synchronized (known) {
      PeerId author = known.get(from);
      if (author == null) {
        author = PeerId.ofMultihash(from.toByteArray());
        known.put(from, author);
      }
      return author;
    }
  }
}
