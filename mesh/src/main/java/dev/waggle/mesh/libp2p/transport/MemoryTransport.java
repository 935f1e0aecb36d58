package dev.waggle.mesh.libp2p.transport;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalServerChannel;
import java.util.Optional;

/** Byte channels inside one process, at {@code /memory/N}; for tests and simulation. */
public final class MemoryTransport implements Transport {
  private final EventLoopGroup loops;

  public MemoryTransport(EventLoopGroup loops) {
    this.loops = loops;
  }

  @Override
  public boolean handles(Multiaddr address) {
    return address.memory().isPresent();
  }

  @Override
  public ChannelFuture dial(Multiaddr address, ChannelHandler handler) {
    return new Bootstrap()
        .group(loops)
        .channel(LocalChannel.class)
        .handler(handler)
        .connect(local(address));
  }

  @Override
  public ChannelFuture listen(Multiaddr address, ChannelHandler handler) {
    return new ServerBootstrap()
        .group(loops)
        .channel(LocalServerChannel.class)
        .childHandler(handler)
        .bind(local(address));
  }

  @Override
  public Optional<Multiaddr> localAddress(Channel channel) {
    return channel.localAddress() instanceof LocalAddress local && channel.parent() == null
        ? Optional.of(Multiaddr.parse("/memory/" + local.id()))
        : Optional.empty();
  }

  @Override
  public Optional<Multiaddr> remoteAddress(Channel channel) {
    // A dialler has no number of its own, so the accepting side sees zero.
    String id =
        channel.remoteAddress() instanceof LocalAddress remote && remote.id().matches("\\d+")
            ? remote.id()
            : "0";
    return Optional.of(Multiaddr.parse("/memory/" + id));
  }

  private static LocalAddress local(Multiaddr address) {
    return new LocalAddress(
        address
            .memory()
            .orElseThrow(() -> new IllegalArgumentException(address + " is no memory address")));
  }
}
