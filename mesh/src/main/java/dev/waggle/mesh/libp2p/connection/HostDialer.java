package dev.waggle.mesh.libp2p.connection;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.DialException;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.transport.Link;
import dev.waggle.mesh.libp2p.transport.LinkChannel;
import dev.waggle.mesh.libp2p.transport.LinkDialer;
import dev.waggle.mesh.libp2p.transport.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** Makes a host's connections, over transports and links, one dial at a time for each peer. */
final class HostDialer implements AutoCloseable {
  /** Secures and multiplexes a channel. */
  interface Upgrade {
    CompletableFuture<HostConnection> upgrade(Channel channel, boolean initiator, Multiaddr remote);
  }

  private final PeerId self;
  private final EventLoopGroup loops;
  private final List<Transport> transports;
  private final Upgrade upgrade;
  private final Function<HostConnection, Optional<HostConnection>> keep;
  private final HostNames hostNames = new HostNames();
  private final List<LinkDialer> linkDialers = new CopyOnWriteArrayList<>();
  private final Map<PeerId, CompletableFuture<HostConnection>> any = new ConcurrentHashMap<>();
  private final Map<PeerId, CompletableFuture<HostConnection>> direct = new ConcurrentHashMap<>();

  /**
   * @param keep registers a connection and says which one to use, empty when there is no room
   */
  HostDialer(
      PeerId self,
      EventLoopGroup loops,
      List<Transport> transports,
      Upgrade upgrade,
      Function<HostConnection, Optional<HostConnection>> keep) {
    this.self = self;
    this.loops = loops;
    this.transports = transports;
    this.upgrade = upgrade;
    this.keep = keep;
  }

  /** Also dials addresses that lead over links of this kind. */
  void addLinks(LinkDialer links) {
    linkDialers.add(links);
  }

  /**
   * Tries the addresses; concurrent calls for one peer share one dial.
   *
   * @param directly whether relays are out of the question
   */
  CompletableFuture<Connection> dial(PeerId peer, List<Multiaddr> addresses, boolean directly) {
    Map<PeerId, CompletableFuture<HostConnection>> underWay = directly ? direct : any;
    if (peer.equals(self)) {
      return CompletableFuture.failedFuture(new DialException("that is this host itself"));
    }
    List<Multiaddr> usable =
        addresses.stream()
            .filter(address -> address.peerId().map(peer::equals).orElse(true))
            .map(Multiaddr::withoutPeerId)
            .filter(address -> !(directly && address.isCircuit()))
            .filter(address -> transport(address).isPresent() || linkDialer(address).isPresent())
            .distinct()
            .toList();
    if (usable.isEmpty()) {
      return CompletableFuture.failedFuture(
          new DialException("no address of " + peer + " can be dialled from here"));
    }
    CompletableFuture<HostConnection> mine = new CompletableFuture<>();
    CompletableFuture<HostConnection> dial = underWay.putIfAbsent(peer, mine);
    if (dial == null) {
      dial = mine;
      hostNames
          .resolve(usable)
          .thenCompose(
              numbers -> new DialRace(numbers, address -> dialOne(peer, address), loops).run())
          .whenComplete(
              (connection, failure) -> {
                underWay.remove(peer, mine);
                if (failure != null) {
                  mine.completeExceptionally(Failures.cause(failure));
                } else {
                  settle(connection, mine);
                }
              });
    }
    // A copy, so that one caller's cancellation is not the others'.
    return dial.thenApply(connection -> connection);
  }

  /** Registers what a dial made. */
  private void settle(HostConnection connection, CompletableFuture<HostConnection> dial) {
    keep.apply(connection)
        .ifPresentOrElse(
            dial::complete,
            () -> dial.completeExceptionally(new DialException("too many connections")));
  }

  private CompletableFuture<HostConnection> dialOne(PeerId peer, Multiaddr address) {
    Optional<LinkDialer> links = linkDialer(address);
    if (links.isPresent()) {
      return links
          .get()
          .dial(address, peer)
          .thenCompose(link -> upgrade(link, true, address))
          .thenCompose(connection -> requirePeer(connection, peer));
    }
    return dialTransport(transport(address).orElseThrow(), address)
        .thenCompose(connection -> requirePeer(connection, peer));
  }

  private static CompletableFuture<HostConnection> requirePeer(
      HostConnection connection, PeerId peer) {
    if (connection.remotePeer().equals(peer)) {
      return CompletableFuture.completedFuture(connection);
    }
    connection.close();
    return CompletableFuture.failedFuture(
        new DialException("another peer answers there: " + connection.remotePeer()));
  }

  private CompletableFuture<HostConnection> dialTransport(Transport transport, Multiaddr address) {
    CompletableFuture<HostConnection> made = new CompletableFuture<>();
    ChannelFuture connecting =
        transport.dial(
            address,
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                // The upgrade begins once the channel is connected; the other side may speak first,
                // and nothing of that may be read before somebody listens.
                channel.config().setAutoRead(false);
              }
            });
    connecting.addListener(
        connected -> {
          if (!connected.isSuccess()) {
            made.completeExceptionally(connected.cause());
            return;
          }
          Channel channel = connecting.channel();
          CompletableFuture<HostConnection> upgraded = upgrade.upgrade(channel, true, address);
          channel.config().setAutoRead(true);
          upgraded.whenComplete(
              (connection, failure) -> {
                if (failure != null) {
                  made.completeExceptionally(failure);
                } else {
                  made.complete(connection);
                }
              });
        });
    return made;
  }

  /** Makes a connection of a link. */
  CompletableFuture<HostConnection> upgrade(Link link, boolean initiator, Multiaddr remote) {
    LinkChannel channel = new LinkChannel(link);
    CompletableFuture<HostConnection> made = new CompletableFuture<>();
    loops
        .register(channel)
        .addListener(
            registered -> {
              if (!registered.isSuccess()) {
                link.close();
                made.completeExceptionally(registered.cause());
                return;
              }
              upgrade
                  .upgrade(channel, initiator, remote)
                  .whenComplete(
                      (connection, failure) -> {
                        if (failure != null) {
                          made.completeExceptionally(failure);
                        } else {
                          made.complete(connection);
                        }
                      });
              channel.config().setAutoRead(true);
            });
    return made;
  }

  private Optional<LinkDialer> linkDialer(Multiaddr address) {
    return linkDialers.stream().filter(each -> each.handles(address)).findFirst();
  }

  private Optional<Transport> transport(Multiaddr address) {
    return transports.stream().filter(each -> each.handles(address)).findFirst();
  }

  @Override
  public void close() {
    hostNames.close();
  }
}
