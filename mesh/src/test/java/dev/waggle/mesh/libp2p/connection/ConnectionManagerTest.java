package dev.waggle.mesh.libp2p.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.connection.ConnectionManager.Limits;
import dev.waggle.mesh.libp2p.connection.ConnectionManager.Source;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConnectionManagerTest {
  private static final Multiaddr NOBODY = Multiaddr.parse("/ip4/127.0.0.1/tcp/1");

  private final HostThreads threads = new HostThreads();
  private final List<Libp2pHost> hosts = new ArrayList<>();

  @AfterEach
  void close() {
    hosts.forEach(Libp2pHost::close);
    threads.close();
  }

  private Libp2pHost host() throws Exception {
    Libp2pHost host =
        Libp2pHost.create(
            Identity.generate(new SecureRandom()),
            List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")),
            threads);
    hosts.add(host);
    host.listen();
    return host;
  }

  private static PeerId peer(int number) {
    return PeerId.ofPublicKey(ByteBuffer.allocate(PeerId.PUBLIC_KEY_BYTES).putInt(number).array());
  }

  private static Connection connect(Libp2pHost from, Libp2pHost to) throws Exception {
    return from.connect(to.peerId(), to.listenAddresses()).get(10, TimeUnit.SECONDS);
  }

  @Test
  void aboveTheHighMark_theLeastUsefulAreClosed_downToTheLowOne() throws Exception {
    Libp2pHost hub = host();
    List<Libp2pHost> others = new ArrayList<>();
    ConnectionManager manager =
        new ConnectionManager(
            hub,
            Clock.systemUTC(),
            new Limits(0, 4, 6, Duration.ZERO),
            id -> others.stream().map(Libp2pHost::peerId).toList().indexOf(id));
    for (int i = 0; i < 6; i++) {
      others.add(host());
      connect(others.get(i), hub);
    }
    await().until(() -> hub.connections().size() == 6);
    manager.step();
    assertThat(hub.connections()).as("as many as the high mark is fine").hasSize(6);
    manager.protect(others.get(0).peerId());
    others.add(host());
    connect(others.get(6), hub);
    await().until(() -> hub.connections().size() == 7);
    manager.step();
    await().until(() -> hub.connections().size() == 4);
    assertThat(hub.connections().stream().map(Connection::remotePeer))
        .as("the protected one and the most useful ones")
        .containsExactlyInAnyOrder(
            others.get(0).peerId(),
            others.get(4).peerId(),
            others.get(5).peerId(),
            others.get(6).peerId());
  }

  @Test
  void youngConnections_areLeftAlone() throws Exception {
    Libp2pHost hub = host();
    ConnectionManager manager =
        new ConnectionManager(
            hub, Clock.systemUTC(), new Limits(0, 0, 1, Duration.ofHours(1)), id -> 0);
    connect(host(), hub);
    connect(host(), hub);
    await().until(() -> hub.connections().size() == 2);
    manager.step();
    assertThat(hub.connections()).hasSize(2);
  }

  @Test
  void madeUpPeersAndAddresses_doNotKeepAKnownOneOut() throws Exception {
    Libp2pHost hub = host();
    ConnectionManager manager =
        new ConnectionManager(hub, Clock.systemUTC(), new Limits(8, 8, 8, Duration.ZERO), id -> 0);
    Libp2pHost known = host();
    for (int i = 0; i < 3 * ConnectionManager.TARGETS_MAX; i++) {
      manager.learn(peer(i), List.of(NOBODY), Source.HEARD);
    }
    List<Multiaddr> garbage = new ArrayList<>();
    for (int i = 1; i <= 3 * ConnectionManager.ADDRESSES_MAX; i++) {
      garbage.add(Multiaddr.parse("/ip4/127.0.0.1/tcp/" + i));
    }
    manager.learn(known.peerId(), garbage, Source.HEARD);
    manager.learn(known.peerId(), known.listenAddresses(), Source.KNOWN);
    manager.learn(known.peerId(), garbage, Source.HEARD);
    await()
        .until(
            () -> {
              manager.step();
              return hub.connection(known.peerId()).isPresent();
            });
  }

  @Test
  void peerThatDoesNotAnswer_isTriedLessAndLessOften_andNamedAsTrouble() throws Exception {
    Libp2pHost hub = host();
    Clock clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
    ConnectionManager manager =
        new ConnectionManager(hub, clock, new Limits(8, 8, 8, Duration.ZERO), id -> 0);
    manager.learn(peer(1), List.of(NOBODY), Source.NAMED);
    manager.step();
    await().until(() -> manager.troubles().containsKey(peer(1)));
    assertThat(manager.troubles().get(peer(1))).contains("/ip4/127.0.0.1/tcp/1: ");
    Libp2pHost late = host();
    // It is there now, but not due yet; a new address is tried at once.
    manager.step();
    assertThat(hub.connections()).isEmpty();
    manager.learn(late.peerId(), late.listenAddresses(), Source.KNOWN);
    await()
        .until(
            () -> {
              manager.step();
              return hub.connection(late.peerId()).isPresent();
            });
  }
}
