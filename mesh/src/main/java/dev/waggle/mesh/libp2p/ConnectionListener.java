package dev.waggle.mesh.libp2p;

/** Hears of connections. Called on the connection's event loop; must not block. */
@FunctionalInterface
public interface ConnectionListener {
  /** The connection is secured, multiplexed and ready for streams. */
  void onOpened(Connection connection);

  /** The connection is gone, and with it all of its streams. */
  default void onClosed(Connection connection) {}
}
