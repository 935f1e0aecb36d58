package dev.waggle.mesh.libp2p.protocol.gossipsub;

import dev.waggle.crypto.PeerId;

/**
 * Where neighbours come from and are sent to (gossipsub v1.1 "PRUNE Backoff and Peer Exchange").
 */
public interface PeerExchange {
  /** Knows nobody and meets nobody. */
  PeerExchange NONE =
      new PeerExchange() {
        @Override
        public byte[] record(PeerId peer) {
          return new byte[0];
        }

        @Override
        public void meet(PeerId peer, byte[] record) {
          // It was only a recommendation.
        }
      };

  /** The signed addresses of a peer, as it gave them; empty when unknown. Must not block. */
  byte[] record(PeerId peer);

  /**
   * A neighbour recommends a peer. The record has not been checked. Must not block.
   *
   * @param record its signed addresses; may be empty
   */
  void meet(PeerId peer, byte[] record);
}
