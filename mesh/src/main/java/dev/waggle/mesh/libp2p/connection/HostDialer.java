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
          .thenCompose(numbers -> new DialRace(numbers, new Dialing(peer), loops).run())
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

  private final class Dialing implements DialRace.Dialing {
    private final PeerId peer;

    Dialing(PeerId peer) {
      this.peer = peer;
    }

    @Override
    public CompletableFuture<Channel> reach(Multiaddr address) {
      return linkDialer(address)
          .map(links -> links.dial(address, peer).thenCompose(HostDialer.this::channel))
          .orElseGet(() -> connect(transport(address).orElseThrow(), address));
    }

    @Override
    public CompletableFuture<HostConnection> secure(Channel channel, Multiaddr address) {
      return HostDialer.this.secure(channel, true, address).thenCompose(this::requirePeer);
    }

    private CompletableFuture<HostConnection> requirePeer(HostConnection connection) {
      if (connection.remotePeer().equals(peer)) {
        return CompletableFuture.completedFuture(connection);
      }
      connection.close();
      return CompletableFuture.failedFuture(
          new DialException("another peer answers there: " + connection.remotePeer()));
    }
  }

  private static CompletableFuture<Channel> connect(Transport transport, Multiaddr address) {
    return channel(
        transport.dial(
            address,
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                // The other side may speak first, and nothing of that may be read before somebody
                // listens.
                channel.config().setAutoRead(false);
              }
            }));
  }

  private CompletableFuture<Channel> channel(Link link) {
    return channel(loops.register(new LinkChannel(link)))
        .whenComplete(
            (channel, failure) -> {
              if (failure != null) {
                link.close();
              }
            });
  }

  private static CompletableFuture<Channel> channel(ChannelFuture opening) {
    CompletableFuture<Channel> opened = new CompletableFuture<>();
    opening.addListener(
        done -> {
          if (done.isSuccess()) {
            opened.complete(opening.channel());
          } else {
            opened.completeExceptionally(done.cause());
          }
        });
    return opened;
  }

  private CompletableFuture<HostConnection> secure(
      Channel channel, boolean initiator, Multiaddr remote) {
    return CompletableFuture.supplyAsync(
            () -> {
              CompletableFuture<HostConnection> upgraded =
                  upgrade.upgrade(channel, initiator, remote);
              channel.config().setAutoRead(true);
              return upgraded;
            },
            channel.eventLoop())
        .thenCompose(upgraded -> upgraded);
  }

  /** Makes a connection of a link. */
  CompletableFuture<HostConnection> upgrade(Link link, boolean initiator, Multiaddr remote) {
    return channel(link).thenCompose(channel -> secure(channel, initiator, remote));
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
