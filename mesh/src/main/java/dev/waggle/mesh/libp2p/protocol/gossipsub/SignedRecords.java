package dev.waggle.mesh.libp2p.protocol.gossipsub;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.RecentMap;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.identify.PeerInfo;
import dev.waggle.mesh.libp2p.record.PeerRecord;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exchanges the addresses that peers signed themselves: keeps the records of those that identified
 * themselves here, and believes of others only what verifies. Thread-safe.
 */
public final class SignedRecords implements PeerExchange {
  /** The most records; the one not used for longest makes room. */
  public static final int RECORDS_MAX = 1_024;

  private static final Logger log = LoggerFactory.getLogger(SignedRecords.class);

  private final BiConsumer<PeerId, List<Multiaddr>> onPeer;
  private final Map<PeerId, byte[]> records = new RecentMap<>(RECORDS_MAX);

  /**
   * @param onPeer hears where a recommended peer says that it is; must not block
   */
  public SignedRecords(BiConsumer<PeerId, List<Multiaddr>> onPeer) {
    this.onPeer = onPeer;
  }

  /** A peer has told this host who it is. */
  public void onIdentified(PeerId peer, PeerInfo info) {
    info.signedRecord()
        .ifPresent(
            record -> {
              synchronized (records) {
                records.put(peer, record);
              }
            });
  }

  @Override
  public byte[] record(PeerId peer) {
    synchronized (records) {
      return records.getOrDefault(peer, new byte[0]);
    }
  }

  /** Without a record there is nothing to connect to. */
  @Override
  public void meet(PeerId peer, byte[] record) {
    if (record.length == 0) {
      return;
    }
    try {
      PeerRecord opened = PeerRecord.open(record);
      if (opened.peer().equals(peer)) {
        onPeer.accept(peer, opened.addresses());
      }
    } catch (MalformedFrameException e) {
      log.debug("a recommendation of {} is no good: {}", peer, e.getMessage());
    }
  }
}
