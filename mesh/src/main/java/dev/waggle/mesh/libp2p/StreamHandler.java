package dev.waggle.mesh.libp2p;

/** Serves a protocol: called once for each stream that a peer opens. Must not block. */
@FunctionalInterface
public interface StreamHandler {
  /** Takes the stream; the returned reader receives what the peer sends. */
  StreamReader onStream(Stream stream);
}
