package dev.waggle.mesh.libp2p.connection;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.muxer.MuxedConnection;
import dev.waggle.mesh.libp2p.muxer.Muxer;
import dev.waggle.mesh.libp2p.negotiation.Negotiation;
import dev.waggle.mesh.libp2p.negotiation.NegotiationHandler;
import dev.waggle.mesh.libp2p.security.SecureChannel;
import dev.waggle.mesh.libp2p.security.SecureChannel.Secured;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Secures a fresh channel, then multiplexes it (libp2p specs, connections/README.md). */
final class Upgrader {
  /** How long a peer may take for all of it. */
  static final Duration UPGRADE_MAX = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(Upgrader.class);

  private final SecureChannel security;
  private final Muxer muxer;

  Upgrader(SecureChannel security, Muxer muxer) {
    this.security = security;
    this.muxer = muxer;
  }

  /**
   * Upgrades a channel on its event loop. The connection is made before the muxer is in place, so
   * that no stream can come before its owner. Closes the channel when it fails.
   *
   * @param connect makes the connection's owner from the proved peer
   */
  CompletableFuture<HostConnection> upgrade(
      Channel channel, boolean initiator, Function<PeerId, HostConnection> connect) {
    CompletableFuture<HostConnection> upgraded = new CompletableFuture<>();
    channel.pipeline().addLast(new Watch(upgraded));
    var timeout =
        channel
            .eventLoop()
            .schedule(
                () ->
                    upgraded.completeExceptionally(
                        new TimeoutException(
                            "no secured connection within " + UPGRADE_MAX.toSeconds() + " s")),
                UPGRADE_MAX.toMillis(),
                TimeUnit.MILLISECONDS);
    negotiate(
        channel,
        initiator,
        security.protocol(),
        upgraded,
        () ->
            whenSecured(
                security.secure(channel.pipeline(), initiator),
                channel,
                initiator,
                connect,
                upgraded));
    return upgraded.whenComplete(
        (connection, failure) -> {
          timeout.cancel(false);
          if (failure != null) {
            channel.close();
          }
        });
  }

  private void whenSecured(
      CompletableFuture<Secured> securing,
      Channel channel,
      boolean initiator,
      Function<PeerId, HostConnection> connect,
      CompletableFuture<HostConnection> upgraded) {
    securing.whenComplete(
        (secured, failure) -> {
          if (failure != null) {
            upgraded.completeExceptionally(failure);
          } else if (secured.muxer().equals(Optional.of(muxer.protocol()))) {
            multiplex(channel, initiator, connect.apply(secured.peer()), upgraded);
          } else {
            negotiate(
                channel,
                initiator,
                muxer.protocol(),
                upgraded,
                () -> multiplex(channel, initiator, connect.apply(secured.peer()), upgraded));
          }
        });
  }

  private void multiplex(
      Channel channel,
      boolean initiator,
      HostConnection connection,
      CompletableFuture<HostConnection> upgraded) {
    if (upgraded.isDone()) {
      return;
    }
    MuxedConnection muxed = muxer.install(channel.pipeline(), initiator, connection::onInbound);
    connection.attach(muxed);
    upgraded.complete(connection);
  }

  private static void negotiate(
      Channel channel,
      boolean initiator,
      String protocol,
      CompletableFuture<HostConnection> upgraded,
      Runnable next) {
    Negotiation negotiation =
        initiator
            ? Negotiation.initiator(List.of(protocol))
            : Negotiation.responder(protocol::equals);
    CompletableFuture<String> agreed = new CompletableFuture<>();
    agreed.whenComplete(
        (name, failure) -> {
          if (failure == null) {
            next.run();
          } else {
            upgraded.completeExceptionally(failure);
          }
        });
    channel.pipeline().addLast(new NegotiationHandler(negotiation, agreed));
  }

  /** First in the pipeline: turns a channel's end into the upgrade's. */
  private static final class Watch extends ChannelInboundHandlerAdapter {
    private final CompletableFuture<HostConnection> upgraded;

    Watch(CompletableFuture<HostConnection> upgraded) {
      this.upgraded = upgraded;
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
      upgraded.completeExceptionally(new IOException("the connection ended before it was secured"));
      super.channelInactive(ctx);
    }
  }

  /** Last in the pipeline: whatever went wrong ends the channel and is nobody's news. */
  static final class Errors extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      Throwable reason = cause.getCause() == null ? cause : cause.getCause();
      log.debug("connection ended: {}", reason.toString());
      ctx.close();
    }
  }
}
