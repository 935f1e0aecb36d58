package dev.waggle.mesh.libp2p.security;

import dev.waggle.crypto.PeerId;
import io.netty.channel.ChannelPipeline;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A way to secure a channel and prove who is at its other end. Thread-safe. */
public interface SecureChannel {
  /**
   * What was proved.
   *
   * @param muxer the muxer that the handshake agreed on already, if it did
   */
  record Secured(PeerId peer, Optional<String> muxer) {}

  /** Its name in negotiation. */
  String protocol();

  /**
   * Adds the handlers that do it to the end of the pipeline, on its event loop. The future
   * completes there as soon as handlers added after these see plain bytes, and fails when the
   * handshake does.
   */
  CompletableFuture<Secured> secure(ChannelPipeline pipeline, boolean initiator);
}
