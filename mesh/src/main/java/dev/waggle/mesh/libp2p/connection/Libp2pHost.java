package dev.waggle.mesh.libp2p.connection;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.ConnectionListener;
import dev.waggle.mesh.libp2p.DialException;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.ProtocolGate;
import dev.waggle.mesh.libp2p.StreamHandler;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.muxer.yamux.Yamux;
import dev.waggle.mesh.libp2p.security.noise.Noise;
import dev.waggle.mesh.libp2p.transport.Link;
import dev.waggle.mesh.libp2p.transport.LinkDialer;
import dev.waggle.mesh.libp2p.transport.MemoryTransport;
import dev.waggle.mesh.libp2p.transport.TcpTransport;
import dev.waggle.mesh.libp2p.transport.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A libp2p host over TCP (and memory) with Noise and Yamux. */
public final class Libp2pHost implements Host {
  /** The most connections at once, both directions; more are refused. */
  public static final int CONNECTIONS_MAX = 1_024;

  /** The most inbound channels that are not secured yet; then the oldest is closed. */
  static final int UPGRADING_MAX = 256;

  private static final Logger log = LoggerFactory.getLogger(Libp2pHost.class);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

  private static final Duration RETIREMENT_STEP = Duration.ofSeconds(1);
  private static final int RETIREMENT_STEPS = 600;

  /** Gossip has one stream each way that stays open. */
  private static final int STANDING_STREAMS = 2;

  private final Identity identity;
  private final List<Multiaddr> toListen;
  private final HostThreads threads;
  private final boolean ownThreads;
  private final EventLoopGroup loops;
  private final EventLoopGroup memoryLoops;
  private final List<Transport> transports;
  private final Upgrader upgrader;
  private final ConnectionTable table;
  private final Map<String, StreamHandler> handlers = new ConcurrentHashMap<>();
  private final List<ConnectionListener> listeners = new CopyOnWriteArrayList<>();
  private final HostDialer dialer;
  private final Set<Channel> upgrading = new LinkedHashSet<>();
  private final List<Channel> listening = new CopyOnWriteArrayList<>();
  private final List<Multiaddr> boundAddresses = new CopyOnWriteArrayList<>();
  private volatile ProtocolGate gate = (connection, protocol) -> true;

  private Libp2pHost(
      Identity identity, List<Multiaddr> toListen, HostThreads threads, boolean ownThreads) {
    this.identity = identity;
    this.threads = threads;
    this.ownThreads = ownThreads;
    this.loops = threads.loops();
    this.toListen = List.copyOf(toListen);
    boolean memory = toListen.stream().anyMatch(address -> address.memory().isPresent());
    this.memoryLoops =
        memory
            ? new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("libp2p-memory", true), LocalIoHandler.newFactory())
            : loops;
    this.transports =
        memory
            ? List.of(new TcpTransport(loops), new MemoryTransport(memoryLoops))
            : List.of(new TcpTransport(loops));
    this.upgrader =
        new Upgrader(
            new Noise(identity, List.of(Yamux.PROTOCOL), threads.handshakes(), new SecureRandom()),
            new Yamux());
    this.table = new ConnectionTable(identity.peerId(), CONNECTIONS_MAX);
    this.dialer = new HostDialer(identity.peerId(), loops, transports, this::upgrade, this::settle);
  }

  /**
   * Starts a host.
   *
   * @param listen addresses to listen on; TCP port 0 takes any free port
   * @throws IOException naming the address that cannot be listened on, and why
   */
  public static Libp2pHost start(Identity identity, List<Multiaddr> listen) throws IOException {
    Libp2pHost host = create(identity, listen);
    boolean started = false;
    try {
      host.listen();
      started = true;
      return host;
    } finally {
      if (!started) {
        host.close();
      }
    }
  }

  /**
   * Prepares a host that does not listen before {@link #listen()}, so that its protocols and its
   * gate are in place when the first peer comes.
   */
  public static Libp2pHost create(Identity identity, List<Multiaddr> listen) {
    return new Libp2pHost(identity, listen, new HostThreads(), true);
  }

  /** The same with threads that other hosts use too; they stay the caller's to close. */
  public static Libp2pHost create(Identity identity, List<Multiaddr> listen, HostThreads threads) {
    return new Libp2pHost(identity, listen, threads, false);
  }

  /**
   * Begins to listen. Called once.
   *
   * @throws IOException naming the address that cannot be listened on, and why
   */
  public void listen() throws IOException {
    for (Multiaddr address : toListen) {
      listen(address);
    }
  }

  private void listen(Multiaddr address) throws IOException {
    Transport transport =
        transports.stream()
            .filter(each -> each.handles(address))
            .findFirst()
            .orElseThrow(
                () -> new IOException("cannot listen on " + address + ": not a TCP address"));
    ChannelFuture bound =
        transport
            .listen(
                address,
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accept(transport, channel);
                  }
                })
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(
          "cannot listen on "
              + address
              + ": "
              + bound.cause().getMessage()
              + " (is another node running? choose another with --listen)",
          bound.cause());
    }
    listening.add(bound.channel());
    transport.localAddress(bound.channel()).ifPresent(boundAddresses::add);
  }

  private void accept(Transport transport, Channel channel) {
    begin(channel);
    Multiaddr remote = transport.remoteAddress(channel).orElseThrow();
    upgrade(channel, false, remote)
        .whenComplete(
            (connection, failure) -> {
              synchronized (upgrading) {
                upgrading.remove(channel);
              }
              if (failure != null) {
                log.debug("inbound from {}: {}", remote, failure.toString());
              } else {
                register(connection);
              }
            });
  }

  /** Who dawdles makes room: many that never finish must not keep others out. */
  private void begin(Channel channel) {
    synchronized (upgrading) {
      upgrading.add(channel);
      if (upgrading.size() > UPGRADING_MAX) {
        Iterator<Channel> oldest = upgrading.iterator();
        oldest.next().close();
        oldest.remove();
      }
    }
  }

  private CompletableFuture<HostConnection> upgrade(
      Channel channel, boolean initiator, Multiaddr remote) {
    CompletableFuture<HostConnection> upgraded =
        upgrader.upgrade(
            channel,
            initiator,
            peer -> new HostConnection(channel, peer, remote, initiator, this::find));
    return upgraded.whenComplete(
        (connection, failure) -> {
          if (failure == null) {
            channel.pipeline().addLast(new Upgrader.Errors());
          }
        });
  }

  private Optional<StreamHandler> find(Connection connection, String protocol) {
    StreamHandler handler = handlers.get(protocol);
    return handler != null && gate.allows(connection, protocol)
        ? Optional.of(handler)
        : Optional.empty();
  }

  /** Makes a fresh connection known, or closes it; on its event loop. */
  private boolean register(HostConnection connection) {
    ConnectionTable.Verdict verdict = table.add(connection);
    if (!verdict.kept()) {
      verdict.toClose().ifPresent(HostConnection::close);
      return false;
    }
    verdict
        .toClose()
        .ifPresent(
            old -> {
              if (old.isRelayed()) {
                retire(old, RETIREMENT_STEPS);
              } else {
                old.close();
              }
            });
    log.debug("connected with {}", connection);
    listeners.forEach(listener -> listener.onOpened(connection));
    connection
        .closed()
        .thenRun(
            () -> {
              table.remove(connection);
              log.debug("disconnected from {}", connection);
              listeners.forEach(listener -> listener.onClosed(connection));
            });
    return true;
  }

  /** What stands for a dialled connection: itself, unless the peer dialled, too, and that stays. */
  private Optional<HostConnection> settle(HostConnection dialled) {
    return register(dialled) ? Optional.of(dialled) : table.find(dialled.remotePeer());
  }

  /** A relayed connection that a direct one replaces ends when nothing runs on it any more. */
  private void retire(HostConnection old, int steps) {
    if (steps == 0 || old.streams() <= STANDING_STREAMS) {
      old.close();
      return;
    }
    loops.schedule(() -> retire(old, steps - 1), RETIREMENT_STEP.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public CompletableFuture<Connection> connect(PeerId peer, List<Multiaddr> addresses) {
    Optional<HostConnection> existing = table.find(peer);
    if (existing.isPresent()) {
      return CompletableFuture.completedFuture(existing.get());
    }
    return dialer.dial(peer, addresses, false);
  }

  @Override
  public CompletableFuture<Connection> connectDirectly(PeerId peer, List<Multiaddr> addresses) {
    Optional<HostConnection> existing = table.find(peer).filter(each -> !each.isRelayed());
    if (existing.isPresent()) {
      return CompletableFuture.completedFuture(existing.get());
    }
    return dialer.dial(peer, addresses, true);
  }

  /** Also dials addresses that lead over links of this kind. */
  public void addLinks(LinkDialer links) {
    dialer.addLinks(links);
  }

  /**
   * Makes a connection of a link that a peer opened. Fails, and closes the link, when the peer
   * cannot be proved in time or a better connection with it exists.
   *
   * @param remote where the peer is, as far as is known
   */
  public CompletableFuture<Connection> accept(Link link, Multiaddr remote) {
    return dialer
        .upgrade(link, false, remote)
        .thenCompose(
            connection ->
                register(connection)
                    ? CompletableFuture.completedFuture(connection)
                    : CompletableFuture.failedFuture(
                        new DialException("there is a better connection with that peer")));
  }

  @Override
  public PeerId peerId() {
    return identity.peerId();
  }

  @Override
  public List<Multiaddr> listenAddresses() {
    // Asked each time: a laptop changes its networks.
    return boundAddresses.stream().flatMap(bound -> Interfaces.expand(bound).stream()).toList();
  }

  @Override
  public void handle(String protocol, StreamHandler handler) {
    handlers.put(protocol, handler);
  }

  /** The protocols that are served here. */
  public List<String> protocols() {
    return handlers.keySet().stream().sorted().toList();
  }

  @Override
  public void gate(ProtocolGate newGate) {
    gate = newGate;
  }

  @Override
  public void onConnection(ConnectionListener listener) {
    listeners.add(listener);
  }

  @Override
  public List<Connection> connections() {
    return new ArrayList<>(table.all());
  }

  @Override
  public Optional<Connection> connection(PeerId peer) {
    return table.find(peer).map(connection -> connection);
  }

  @Override
  public ScheduledExecutorService scheduler() {
    return loops;
  }

  @Override
  public Executor computing() {
    return threads.computing();
  }

  @Override
  public void close() {
    listening.forEach(channel -> channel.close().awaitUninterruptibly(CLOSE_MAX.toMillis()));
    synchronized (upgrading) {
      List.copyOf(upgrading).forEach(Channel::close);
    }
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    for (HostConnection connection : table.all()) {
      ends.add(connection.closed());
      connection.close();
    }
    CompletableFuture<Void> all =
        CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
            .completeOnTimeout(null, CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
    all.join();
    dialer.close();
    if (memoryLoops != loops) {
      memoryLoops.shutdownGracefully(0, CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
    }
    if (ownThreads) {
      threads.close();
    }
  }
}
