package dev.waggle.mesh.libp2p;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A secured, multiplexed connection to a peer whose identity is proved. Thread-safe. */
public interface Connection {
  /** Who is at the other end. */
  PeerId remotePeer();

  /** Where the other end is, without a {@code /p2p} part. */
  Multiaddr remoteAddress();

  /** Whether it runs through a relay, which may limit it. */
  default boolean isRelayed() {
    return remoteAddress().isCircuit();
  }

  /** How many streams are open, both directions. */
  int streams();

  /** Whether this side dialled. */
  boolean initiator();

  /**
   * Opens a stream for the first of the protocols, in order of preference, that the peer accepts.
   *
   * <p>Fails with {@link ProtocolRefusedException} when it accepts none, and with an {@link
   * java.io.IOException} when the connection ends or negotiation takes over ten seconds. The reader
   * receives whatever arrives from then on.
   */
  CompletableFuture<Stream> open(List<String> protocols, StreamReader reader);

  /**
   * Opens a stream for a protocol that the peer is thought to serve: what is written goes out with
   * the proposal, which saves a round trip.
   *
   * <p>Completes at once. A peer that does not serve the protocol is a reset of the stream. Fails
   * with an {@link java.io.IOException} only when the connection has ended.
   */
  CompletableFuture<Stream> begin(String protocol, StreamReader reader);

  /** Ends the connection and its streams. Idempotent. */
  void close();

  /** Completes when the connection is gone. */
  CompletableFuture<Void> closed();
}
