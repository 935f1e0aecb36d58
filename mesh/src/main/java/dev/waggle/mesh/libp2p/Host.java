package dev.waggle.mesh.libp2p;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;

/**
 * One libp2p node: listens, dials, and offers protocols on the streams of its connections.
 *
 * <p>Every connection is secured and multiplexed before anybody sees it, and its remote peer id is
 * proved. All methods may be called from any thread and none blocks; handlers and listeners run on
 * the event loop of their connection and must not block it.
 */
public interface Host extends AutoCloseable {
  /** The name of this host. */
  PeerId peerId();

  /** The addresses it really listens on, without a {@code /p2p} part; port 0 is resolved. */
  List<Multiaddr> listenAddresses();

  /** Serves a protocol on streams that peers open; replaces an earlier handler of that name. */
  void handle(String protocol, StreamHandler handler);

  /** Decides which protocols a peer may open here; without a gate, all. */
  void gate(ProtocolGate gate);

  /** Tells the listener of every connection from now on. */
  void onConnection(ConnectionListener listener);

  /** The open connections, at most one a peer once simultaneous dials have settled. */
  List<Connection> connections();

  /** The open connection to a peer. */
  Optional<Connection> connection(PeerId peer);

  /**
   * The open connection to the peer, or a new one made by trying the addresses.
   *
   * <p>Concurrent calls for one peer share one dial. Fails with {@link DialException}, which names
   * what each address answered, when none leads to that very peer. Cancelling the future gives up
   * the wait.
   */
  CompletableFuture<Connection> connect(PeerId peer, List<Multiaddr> addresses);

  /** Like {@link #connect}, but no relay is used and a relayed connection does not count. */
  CompletableFuture<Connection> connectDirectly(PeerId peer, List<Multiaddr> addresses);

  /**
   * Runs short steps at their time, on the event loops; a step must not block. Ends with the host.
   */
  ScheduledExecutorService scheduler();

  /** Runs computations off the event loops; bounded, and refuses when full. Ends with the host. */
  Executor computing();

  /** Closes listeners and connections and waits, at most five seconds, for them to be gone. */
  @Override
  void close();
}
