package dev.waggle.mesh.libp2p;

/** Decides whether a connection's peer may open a protocol here. */
@FunctionalInterface
public interface ProtocolGate {
  /** A refused protocol looks to the peer like one that does not exist. Must not block. */
  boolean allows(Connection connection, String protocol);
}
