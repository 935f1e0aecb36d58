package dev.waggle.mesh.libp2p.protocol.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.connection.HostThreads;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.echo.Echo;
import dev.waggle.mesh.libp2p.protocol.perf.Perf;
import dev.waggle.mesh.libp2p.protocol.ping.Ping;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RelayTest {
  private static final String ECHO = "/test/echo/1";

  private final HostThreads threads = new HostThreads();
  private final List<Libp2pHost> hosts = new ArrayList<>();

  @AfterEach
  void close() {
    hosts.forEach(Libp2pHost::close);
    threads.close();
  }

  /** A host; one that does not listen can be reached through a relay only. */
  private final class Peer {
    final Identity identity = Identity.generate(new SecureRandom());
    final Libp2pHost host;
    final RelayClient client;

    Peer(boolean listens) throws Exception {
      host =
          Libp2pHost.create(
              identity,
              listens ? List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")) : List.of(),
              threads);
      hosts.add(host);
      Ping.serve(host);
      Perf.serve(host);
      host.handle(ECHO, stream -> new Echo());
      client = RelayClient.serve(host);
      host.listen();
    }

    RelayService relay(RelayLimits limits) {
      return RelayService.serve(host, identity, limits, host::listenAddresses, Clock.systemUTC());
    }

    Connection connect(Peer other) throws Exception {
      return get(host.connect(other.host.peerId(), other.host.listenAddresses()));
    }

    Multiaddr circuitThrough(Peer relay) {
      return relay.host.listenAddresses().get(0).withPeerId(relay.host.peerId()).withCircuit();
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private static final class Collector implements StreamReader {
    final CompletableFuture<Integer> bytes = new CompletableFuture<>();
    private int count;

    @Override
    public void onData(Stream stream, ByteBuffer piece) {
      count += piece.remaining();
    }

    @Override
    public void onEnd(Stream stream) {
      bytes.complete(count);
    }

    @Override
    public void onReset(Stream stream) {
      bytes.completeExceptionally(new java.io.IOException("reset"));
    }
  }

  @Test
  void peersThatCannotReachEachOther_meetAtARelay_securedEndToEnd() throws Exception {
    Peer relay = new Peer(true);
    RelayService service = relay.relay(RelayLimits.MEMBERS);
    Peer hidden = new Peer(false);
    Peer caller = new Peer(false);
    var reservation = get(hidden.client.reserve(hidden.connect(relay)));
    assertThat(reservation.addresses()).contains(hidden.circuitThrough(relay));
    assertThat(reservation.expiry()).isAfter(Instant.now().plusSeconds(3_000));

    Connection circuit = get(caller.host.connect(hidden.host.peerId(), reservation.addresses()));
    assertThat(circuit.remotePeer()).isEqualTo(hidden.host.peerId());
    assertThat(circuit.isRelayed()).isTrue();
    assertThat(Ping.measure(circuit)).succeedsWithin(Duration.ofSeconds(5));
    Perf.Result perf = get(Perf.measure(circuit, 5_000_000, 5_000_000));
    assertThat(perf.download()).isPositive();
    assertThat(hidden.host.connection(caller.host.peerId()).orElseThrow().isRelayed()).isTrue();
    assertThat(service.circuits()).isEqualTo(1);
    circuit.close();
    await().until(() -> service.circuits() == 0);
    await().until(() -> hidden.host.connection(caller.host.peerId()).isEmpty());
  }

  @Test
  void directConnection_replacesTheRelayedOne_whichMayFinishItsWork() throws Exception {
    Peer relay = new Peer(true);
    relay.relay(RelayLimits.MEMBERS);
    Peer hidden = new Peer(true);
    Peer caller = new Peer(false);
    get(hidden.client.reserve(hidden.connect(relay)));
    Connection circuit =
        get(caller.host.connect(hidden.host.peerId(), List.of(hidden.circuitThrough(relay))));
    Collector collector = new Collector();
    Stream working = get(circuit.open(List.of(ECHO), collector));
    get(circuit.open(List.of(ECHO), new Collector()));
    get(circuit.open(List.of(ECHO), new Collector()));

    Connection direct =
        get(
            caller.host.connectDirectly(
                hidden.host.peerId(),
                List.of(hidden.circuitThrough(relay), hidden.host.listenAddresses().get(0))));
    assertThat(direct.isRelayed()).isFalse();
    assertThat(caller.host.connection(hidden.host.peerId())).contains(direct);
    get(working.write(ByteBuffer.allocate(100)));
    working.closeWrite();
    assertThat(get(collector.bytes)).isEqualTo(100);
    await().atMost(Duration.ofSeconds(10)).until(() -> circuit.closed().isDone());
    assertThat(direct.closed()).isNotDone();
  }

  @Test
  void directAddress_winsOverACircuit() throws Exception {
    Peer relay = new Peer(true);
    RelayService service = relay.relay(RelayLimits.MEMBERS);
    Peer there = new Peer(true);
    Peer caller = new Peer(false);
    get(there.client.reserve(there.connect(relay)));
    Connection connection =
        get(
            caller.host.connect(
                there.host.peerId(),
                List.of(there.circuitThrough(relay), there.host.listenAddresses().get(0))));
    assertThat(connection.isRelayed()).isFalse();
    assertThat(service.circuits()).isZero();
  }

  @Test
  void withoutReservation_thereIsNoCircuit() throws Exception {
    Peer relay = new Peer(true);
    relay.relay(RelayLimits.MEMBERS);
    Peer hidden = new Peer(false);
    hidden.connect(relay);
    Peer caller = new Peer(false);
    assertThatThrownBy(
            () ->
                get(
                    caller.host.connect(
                        hidden.host.peerId(), List.of(hidden.circuitThrough(relay)))))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("no reservation");
  }

  @Test
  void disconnectedPeer_losesItsReservation() throws Exception {
    Peer relay = new Peer(true);
    relay.relay(RelayLimits.MEMBERS);
    Peer hidden = new Peer(false);
    Connection connection = hidden.connect(relay);
    get(hidden.client.reserve(connection));
    connection.close();
    await().until(() -> relay.host.connections().isEmpty());
    hidden.connect(relay);
    Peer caller = new Peer(false);
    assertThatThrownBy(
            () ->
                get(
                    caller.host.connect(
                        hidden.host.peerId(), List.of(hidden.circuitThrough(relay)))))
        .hasMessageContaining("no reservation");
  }

  @Test
  void bytesBeyondTheLimit_endTheCircuit() throws Exception {
    Peer relay = new Peer(true);
    RelayService service = relay.relay(RelayLimits.STRANGERS);
    Peer hidden = new Peer(false);
    Peer caller = new Peer(false);
    get(hidden.client.reserve(hidden.connect(relay)));
    Connection circuit =
        get(caller.host.connect(hidden.host.peerId(), List.of(hidden.circuitThrough(relay))));
    assertThatThrownBy(() -> get(Perf.measure(circuit, 1_000_000, 0)))
        .isInstanceOf(ExecutionException.class);
    await().until(() -> circuit.closed().isDone() && service.circuits() == 0);
  }

  @Test
  void timeBeyondTheLimit_endsTheCircuit() throws Exception {
    Peer relay = new Peer(true);
    RelayService service =
        relay.relay(new RelayLimits(1, 1, 1, Duration.ofHours(1), Duration.ofMillis(300), 0));
    Peer hidden = new Peer(false);
    Peer caller = new Peer(false);
    get(hidden.client.reserve(hidden.connect(relay)));
    Connection circuit =
        get(caller.host.connect(hidden.host.peerId(), List.of(hidden.circuitThrough(relay))));
    await().until(() -> circuit.closed().isDone() && service.circuits() == 0);
  }

  @Test
  void tooManyReservationsAndCircuits_areRefusedByName() throws Exception {
    Peer relay = new Peer(true);
    relay.relay(new RelayLimits(1, 1, 1, Duration.ofHours(1), Duration.ZERO, 0));
    Peer hidden = new Peer(false);
    get(hidden.client.reserve(hidden.connect(relay)));
    Peer late = new Peer(false);
    Connection lateConnection = late.connect(relay);
    assertThatThrownBy(() -> get(late.client.reserve(lateConnection)))
        .hasMessageContaining("reservation refused");
    Peer first = new Peer(false);
    get(first.host.connect(hidden.host.peerId(), List.of(hidden.circuitThrough(relay))));
    Peer second = new Peer(false);
    assertThatThrownBy(
            () ->
                get(
                    second.host.connect(
                        hidden.host.peerId(), List.of(hidden.circuitThrough(relay)))))
        .hasMessageContaining("resource limit exceeded");
  }

  @Test
  void relayThatWasNotAsked_bringsNobody() throws Exception {
    Peer relay = new Peer(true);
    relay.relay(RelayLimits.MEMBERS);
    Peer hidden = new Peer(false);
    get(hidden.client.reserve(hidden.connect(relay)));
    hidden.client.forget(relay.host.peerId());
    Peer caller = new Peer(false);
    assertThatThrownBy(
            () ->
                get(
                    caller.host.connect(
                        hidden.host.peerId(), List.of(hidden.circuitThrough(relay)))))
        .hasMessageContaining("connection failed");
  }

  @Test
  void impostorBehindARelay_isFoundOut() throws Exception {
    Peer relay = new Peer(true);
    relay.relay(RelayLimits.MEMBERS);
    Peer hidden = new Peer(false);
    get(hidden.client.reserve(hidden.connect(relay)));
    Peer caller = new Peer(false);
    // The relay would have to bring the caller to somebody else; the caller asks for that peer.
    PeerId wanted = new Peer(false).host.peerId();
    assertThatThrownBy(
            () -> get(caller.host.connect(wanted, List.of(hidden.circuitThrough(relay)))))
        .hasMessageContaining("no reservation");
  }

  @Test
  void reservation_isRenewedBeforeItEnds_andReportedWhenItIsLost() throws Exception {
    Peer relay = new Peer(true);
    relay.relay(new RelayLimits(4, 4, 4, Duration.ofSeconds(2), Duration.ZERO, 0));
    Peer hidden = new Peer(false);
    List<Integer> changes = new java.util.concurrent.CopyOnWriteArrayList<>();
    RelayReservations[] kept = new RelayReservations[1];
    kept[0] =
        new RelayReservations(
            hidden.host,
            hidden.client,
            Clock.systemUTC(),
            () -> changes.add(kept[0].addresses().size()));
    Connection connection = hidden.connect(relay);
    kept[0].offer(connection);
    await().until(() -> changes.equals(List.of(1)));
    long begin = System.nanoTime();
    await()
        .pollDelay(Duration.ofSeconds(4))
        .atMost(Duration.ofSeconds(10))
        .until(() -> System.nanoTime() - begin > 4_000_000_000L);
    Peer caller = new Peer(false);
    assertThat(
            get(caller.host.connect(hidden.host.peerId(), List.of(hidden.circuitThrough(relay))))
                .isRelayed())
        .as("the first reservation is long over")
        .isTrue();
    connection.close();
    await().until(() -> changes.equals(List.of(1, 0)));
  }

  @Test
  void voucher_isTheRelaysWord() throws Exception {
    Identity relay = Identity.ofSeed(new byte[32]);
    PeerId peer = Identity.generate(new SecureRandom()).peerId();
    Voucher voucher = new Voucher(relay.peerId(), peer, Instant.ofEpochSecond(1_700_000_000));
    assertThat(Voucher.open(voucher.seal(relay))).isEqualTo(voucher);
    byte[] forged = voucher.seal(Identity.generate(new SecureRandom()));
    assertThatThrownBy(() -> Voucher.open(forged)).hasMessageContaining("signed by another");
  }
}
