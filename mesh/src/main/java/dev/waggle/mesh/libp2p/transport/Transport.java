package dev.waggle.mesh.libp2p.transport;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import java.util.Optional;

/** Carries bytes between two addresses. Thread-safe. */
public interface Transport {
  /** Whether it can dial and listen on such an address. */
  boolean handles(Multiaddr address);

  /** Connects; each new channel is given to the handler before it is active. */
  ChannelFuture dial(Multiaddr address, ChannelHandler handler);

  /** Listens; each accepted channel is given to the handler. */
  ChannelFuture listen(Multiaddr address, ChannelHandler handler);

  /** Where a listening or connected channel's own end is; empty when it is gone. */
  Optional<Multiaddr> localAddress(Channel channel);

  /** Where a connected channel's other end is; empty when it is gone. */
  Optional<Multiaddr> remoteAddress(Channel channel);
}
