package dev.waggle.mesh.libp2p.security.noise;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.X25519KeyPair;
import dev.waggle.mesh.libp2p.security.SecureChannel;
import io.netty.channel.ChannelPipeline;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Noise XX as libp2p uses it. One static key for each host, never kept on disk; the handshake's
 * curve operations run on the given executor, not on event loops.
 */
public final class Noise implements SecureChannel {
  private final List<String> muxers;
  private final Executor executor;
  private final SecureRandom random;
  private final X25519KeyPair own;
  private final byte[] payload;

  /**
   * @param muxers the muxers to offer inside the handshake, best first
   */
  public Noise(Identity identity, List<String> muxers, Executor executor, SecureRandom random) {
    this.muxers = List.copyOf(muxers);
    this.executor = executor;
    this.random = random;
    this.own = X25519KeyPair.generate(random);
    this.payload = NoiseHandshake.payload(identity, own, this.muxers);
  }

  @Override
  public String protocol() {
    return "/noise";
  }

  @Override
  public CompletableFuture<Secured> secure(ChannelPipeline pipeline, boolean initiator) {
    NoiseHandshake handshake =
        new NoiseHandshake(payload, own, X25519KeyPair.generate(random), muxers, initiator);
    CompletableFuture<Secured> secured = new CompletableFuture<>();
    pipeline.addLast(new NoiseHandshakeHandler(handshake, initiator, executor, secured));
    return secured;
  }
}
