package dev.waggle.mesh.libp2p.transport;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;

/** TCP over IPv4 and IPv6; host names are resolved when dialled. */
public final class TcpTransport implements Transport {
  // What may wait for the socket: enough to fill it while the next frames are sealed.
  private static final WriteBufferWaterMark WAITING_BYTES =
      new WriteBufferWaterMark(256 << 10, 512 << 10);

  private static final int CONNECT_MILLIS_MAX = 5_000;
  private static final int BACKLOG = 256;

  private final EventLoopGroup loops;

  /**
   * @param loops event loops that wait with {@link SocketIo#best()}
   */
  public TcpTransport(EventLoopGroup loops) {
    this.loops = loops;
  }

  @Override
  public boolean handles(Multiaddr address) {
    return address.tcp().isPresent();
  }

  @Override
  public ChannelFuture dial(Multiaddr address, ChannelHandler handler) {
    return new Bootstrap()
        .group(loops)
        .channel(SocketIo.best().socket())
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS_MAX)
        .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WAITING_BYTES)
        .handler(handler)
        .connect(socket(address));
  }

  @Override
  public ChannelFuture listen(Multiaddr address, ChannelHandler handler) {
    InetSocketAddress named = socket(address);
    return new ServerBootstrap()
        .group(loops)
        .channel(SocketIo.best().serverSocket())
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WAITING_BYTES)
        .childHandler(handler)
        .bind(new InetSocketAddress(named.getHostString(), named.getPort()));
  }

  private static InetSocketAddress socket(Multiaddr address) {
    return address
        .tcp()
        .orElseThrow(() -> new IllegalArgumentException(address + " is no TCP address"));
  }

  @Override
  public Optional<Multiaddr> localAddress(Channel channel) {
    return address(channel.localAddress());
  }

  @Override
  public Optional<Multiaddr> remoteAddress(Channel channel) {
    return address(channel.remoteAddress());
  }

  private static Optional<Multiaddr> address(SocketAddress address) {
    return address instanceof InetSocketAddress socket
        ? Optional.of(Multiaddr.ofTcp(socket))
        : Optional.empty();
  }
}
