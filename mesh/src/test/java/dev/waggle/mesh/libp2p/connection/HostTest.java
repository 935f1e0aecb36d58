package dev.waggle.mesh.libp2p.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.DialException;
import dev.waggle.mesh.libp2p.ProtocolRefusedException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.echo.Echo;
import dev.waggle.mesh.libp2p.protocol.identify.Identify;
import dev.waggle.mesh.libp2p.protocol.identify.PeerInfo;
import dev.waggle.mesh.libp2p.protocol.ping.Ping;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostTest {
  private static final String ECHO = "/test/echo/1";
  private static final String TCP = "/ip4/127.0.0.1/tcp/0";
  private static final AtomicInteger NEXT_MEMORY = new AtomicInteger(1);

  private final List<Libp2pHost> hosts = new ArrayList<>();

  @AfterEach
  void closeHosts() {
    hosts.forEach(Libp2pHost::close);
  }

  private Libp2pHost host(String listen) throws IOException {
    String address = listen.equals("memory") ? "/memory/" + NEXT_MEMORY.getAndIncrement() : listen;
    Identity identity = Identity.generate(new SecureRandom());
    Libp2pHost host = Libp2pHost.start(identity, List.of(Multiaddr.parse(address)));
    hosts.add(host);
    Ping.serve(host);
    Identify.serve(host, identity, "waggle/test");
    host.handle(ECHO, stream -> new Echo());
    return host;
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private static Connection connect(Libp2pHost from, Libp2pHost to) throws Exception {
    return get(from.connect(to.peerId(), to.listenAddresses()));
  }

  /** Counts and checks what comes back. */
  private static class Collector implements StreamReader {
    final CompletableFuture<Void> ended = new CompletableFuture<>();
    final CompletableFuture<Void> reset = new CompletableFuture<>();
    final AtomicLong received = new AtomicLong();
    private final Random expected;
    private volatile boolean wrong;

    Collector(long seed) {
      this.expected = new Random(seed);
    }

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      byte[] one = new byte[1];
      while (bytes.hasRemaining()) {
        expected.nextBytes(one);
        wrong |= bytes.get() != one[0];
        received.incrementAndGet();
      }
    }

    @Override
    public void onEnd(Stream stream) {
      if (wrong) {
        ended.completeExceptionally(new AssertionError("other bytes came back"));
      } else {
        ended.complete(null);
      }
    }

    @Override
    public void onReset(Stream stream) {
      reset.complete(null);
    }
  }

  /** Writes so many bytes of a seed, one at a time from the generator, waiting for each chunk. */
  private static void send(Stream stream, long seed, int total, int chunk) throws Exception {
    Random random = new Random(seed);
    byte[] one = new byte[1];
    for (int sent = 0; sent < total; sent += chunk) {
      byte[] bytes = new byte[Math.min(chunk, total - sent)];
      for (int i = 0; i < bytes.length; i++) {
        random.nextBytes(one);
        bytes[i] = one[0];
      }
      get(stream.write(ByteBuffer.wrap(bytes)));
    }
    stream.closeWrite();
  }

  @ParameterizedTest
  @ValueSource(strings = {TCP, "memory"})
  void echo_ofMegabytes_comesBackWhole(String listen) throws Exception {
    Libp2pHost server = host(listen);
    Libp2pHost client = host(listen);
    Connection connection = connect(client, server);
    assertThat(connection.remotePeer()).isEqualTo(server.peerId());
    Collector collector = new Collector(1);
    Stream stream = get(connection.open(List.of(ECHO), collector));
    assertThat(stream.protocol()).isEqualTo(ECHO);
    send(stream, 1, 3_000_000, 50_000);
    get(collector.ended);
    assertThat(collector.received.get()).isEqualTo(3_000_000);
  }

  @Test
  void manyStreamsAtOnce_doNotMix() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    Connection connection = connect(client, server);
    List<Collector> collectors = new ArrayList<>();
    List<CompletableFuture<Stream>> streams = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Collector collector = new Collector(i);
      collectors.add(collector);
      streams.add(connection.open(List.of("/no/such/1", ECHO), collector));
    }
    for (int i = 0; i < streams.size(); i++) {
      send(get(streams.get(i)), i, 5_000, 1_234);
    }
    for (Collector collector : collectors) {
      get(collector.ended);
      assertThat(collector.received.get()).isEqualTo(5_000);
    }
  }

  @Test
  void slowReader_stopsItsWriter_andNobodyElse() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    AtomicLong taken = new AtomicLong();
    List<Stream> slow = new ArrayList<>();
    server.handle(
        "/test/slow/1",
        stream -> {
          stream.reading(false);
          slow.add(stream);
          return new StreamReader() {
            @Override
            public void onData(Stream from, ByteBuffer bytes) {
              taken.addAndGet(bytes.remaining());
            }

            @Override
            public void onEnd(Stream from) {}

            @Override
            public void onReset(Stream from) {}
          };
        });
    Connection connection = connect(client, server);
    Stream stream = get(connection.open(List.of("/test/slow/1"), new Collector(0)));
    CompletableFuture<Void> written = stream.write(ByteBuffer.allocate(1 << 20));
    // Others go on while this one waits.
    assertThat(get(Ping.measure(connection))).isPositive();
    assertThat(written).isNotDone();
    assertThat(taken.get()).isZero();
    slow.get(0).reading(true);
    get(written);
    await().until(() -> taken.get() == 1 << 20);
  }

  @Test
  void unknownProtocol_isRefusedByName() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    Connection connection = connect(client, server);
    assertThatThrownBy(() -> get(connection.open(List.of("/a/1", "/b/1"), new Collector(0))))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ProtocolRefusedException.class)
        .hasMessageContaining("/a/1, /b/1");
  }

  /** So many answers that one of them is cut by the end of a secured frame, wherever that falls. */
  @Test
  void negotiationCutIntoPieces_isPutTogether() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    for (int round = 0; round < 8; round++) {
      String protocol = "/test/" + "x".repeat(round) + "/1";
      server.handle(protocol, stream -> new Echo());
      Connection connection = connect(client, server);
      List<CompletableFuture<Stream>> opened = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        opened.add(connection.open(List.of(protocol), new Collector(1)));
      }
      CompletableFuture.allOf(opened.toArray(CompletableFuture<?>[]::new)).get(8, TimeUnit.SECONDS);
      connection.close();
      await().until(() -> client.connection(server.peerId()).isEmpty());
    }
  }

  @Test
  void begin_sendsWithoutWaiting_andARefusalIsAReset() throws Exception {
    Libp2pHost client = host(TCP);
    Libp2pHost server = host(TCP);
    Connection connection = connect(client, server);
    Collector echoed = new Collector(5);
    Stream stream = get(connection.begin(ECHO, echoed));
    assertThat(stream.protocol()).isEqualTo(ECHO);
    send(stream, 5, 100_000, 10_000);
    get(echoed.ended);
    assertThat(echoed.received).hasValue(100_000);
    Collector refused = new Collector(6);
    get(connection.begin("/nobody/1", refused)).write(ByteBuffer.allocate(10));
    get(refused.reset);
    await().until(() -> connection.streams() == 0);
  }

  @Test
  void gate_hidesProtocols_evenIdentifyAndPing() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    server.gate((connection, protocol) -> protocol.equals(ECHO));
    Connection connection = connect(client, server);
    assertThatThrownBy(() -> get(Ping.measure(connection)))
        .hasMessageContaining("did not answer a ping");
    assertThatThrownBy(() -> get(Identify.ask(connection)))
        .hasCauseInstanceOf(ProtocolRefusedException.class);
    Collector collector = new Collector(3);
    send(get(connection.open(List.of(ECHO), collector)), 3, 10, 10);
    get(collector.ended);
  }

  @Test
  void ping_andIdentify_answer() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    Connection connection = connect(client, server);
    assertThat(get(Ping.measure(connection))).isPositive();
    PeerInfo info = get(Identify.ask(connection));
    assertThat(info.agent()).isEqualTo("waggle/test");
    assertThat(info.protocols()).contains(ECHO, Ping.PROTOCOL, Identify.PROTOCOL);
    assertThat(info.addresses()).isEqualTo(server.listenAddresses());
    assertThat(info.observed().orElseThrow().toString()).startsWith("/ip4/127.0.0.1/tcp/");
  }

  @Test
  void reset_reachesTheOtherSide() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    CompletableFuture<Void> seen = new CompletableFuture<>();
    Collector atServer =
        new Collector(0) {
          @Override
          public void onReset(Stream stream) {
            seen.complete(null);
          }
        };
    server.handle("/test/reset/1", stream -> atServer);
    Connection connection = connect(client, server);
    Stream stream = get(connection.open(List.of("/test/reset/1"), new Collector(0)));
    stream.reset();
    get(seen);
    assertThatThrownBy(() -> get(stream.write(ByteBuffer.allocate(1))))
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void anotherPeerAtTheAddress_isRefused() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    var stranger = Identity.generate(new SecureRandom()).peerId();
    assertThatThrownBy(() -> get(client.connect(stranger, server.listenAddresses())))
        .hasCauseInstanceOf(DialException.class)
        .hasMessageContaining("another peer answers");
    assertThat(client.connections()).isEmpty();
  }

  @Test
  void deadAddresses_areNamed_andALiveOneAmongThemIsFound() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    Multiaddr dead = Multiaddr.parse("/ip4/127.0.0.1/tcp/1");
    assertThatThrownBy(() -> get(client.connect(server.peerId(), List.of(dead))))
        .hasCauseInstanceOf(DialException.class)
        .hasMessageContaining("/ip4/127.0.0.1/tcp/1");
    Connection connection =
        get(client.connect(server.peerId(), List.of(dead, server.listenAddresses().get(0))));
    assertThat(connection.remotePeer()).isEqualTo(server.peerId());
  }

  @Test
  void hostNames_areResolved_andUnknownOnesAreNamed() throws Exception {
    Libp2pHost first = host(TCP);
    Libp2pHost second = host(TCP);
    int port = second.listenAddresses().get(0).tcp().orElseThrow().getPort();
    Connection connection =
        get(
            first.connect(
                second.peerId(), List.of(Multiaddr.parse("/dns4/localhost/tcp/" + port))));
    assertThat(connection.remoteAddress()).hasToString("/ip4/127.0.0.1/tcp/" + port);
    Libp2pHost third = host(TCP);
    assertThatThrownBy(
            () ->
                get(
                    third.connect(
                        second.peerId(),
                        List.of(Multiaddr.parse("/dns/no-such-host.invalid/tcp/" + port)))))
        .hasCauseInstanceOf(DialException.class)
        .hasMessageContaining("unknown host no-such-host.invalid");
  }

  @Test
  void simultaneousDials_endInOneConnection_theSameOnBothSides() throws Exception {
    for (int round = 0; round < 10; round++) {
      Libp2pHost one = host(TCP);
      Libp2pHost two = host(TCP);
      var there = one.connect(two.peerId(), two.listenAddresses());
      var back = two.connect(one.peerId(), one.listenAddresses());
      get(there);
      get(back);
      await()
          .untilAsserted(
              () -> {
                assertThat(one.connections()).hasSize(1);
                assertThat(two.connections()).hasSize(1);
                assertThat(one.connections().get(0).initiator())
                    .isNotEqualTo(two.connections().get(0).initiator());
                assertThat(get(Ping.measure(one.connections().get(0)))).isPositive();
              });
    }
  }

  @Test
  void slowPathsToOnePeer_endInOneConnection_thatStays() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    List<Multiaddr> paths =
        List.of(Multiaddr.parse("/memory/900001"), Multiaddr.parse("/memory/900002"));
    // Slower than the second path is begun: both would be secured at the same time.
    try (SlowLinks links = new SlowLinks(server, paths, Duration.ofMillis(300))) {
      client.addLinks(links);
      Connection connection = get(client.connect(server.peerId(), paths));
      assertThat(get(Ping.measure(connection))).isPositive();
      assertThat(client.connections()).containsExactly(connection);
      assertThat(server.connections()).hasSize(1);
    }
  }

  @Test
  void pathThatLeadsNowhere_givesWayToOneThatWorks() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    // The kernel accepts; nobody ever answers.
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      List<Multiaddr> paths =
          List.of(
              Multiaddr.parse("/ip4/127.0.0.1/tcp/" + silent.getLocalPort()),
              server.listenAddresses().get(0));
      Connection connection = get(client.connect(server.peerId(), paths));
      assertThat(connection.remoteAddress()).isEqualTo(paths.get(1));
    }
  }

  @Test
  void concurrentConnects_shareOneDial() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    List<CompletableFuture<Connection>> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(client.connect(server.peerId(), server.listenAddresses()));
    }
    Connection first = get(all.get(0));
    for (CompletableFuture<Connection> each : all) {
      assertThat(get(each)).isSameAs(first);
    }
    await().until(() -> server.connections().size() == 1);
  }

  @Test
  void closedHost_isSeenByItsPeer_andItsStreamsEnd() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    Connection connection = connect(client, server);
    Collector collector = new Collector(0);
    get(connection.open(List.of(ECHO), collector));
    server.close();
    get(connection.closed());
    get(collector.reset);
    await().until(() -> client.connections().isEmpty());
  }

  @Test
  void takenPort_isAClearError() throws Exception {
    Libp2pHost server = host(TCP);
    assertThatThrownBy(() -> host(server.listenAddresses().get(0).toString()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(server.listenAddresses().get(0).toString())
        .hasMessageContaining("--listen");
  }

  @Test
  void randomBytesOnTheSocket_endThatSocketAlone() throws Exception {
    Libp2pHost server = host(TCP);
    Libp2pHost client = host(TCP);
    Connection connection = connect(client, server);
    InetSocketAddress unresolved = server.listenAddresses().get(0).tcp().orElseThrow();
    long seed = 7;
    Random random = new Random(seed);
    for (int i = 0; i < 20; i++) {
      try (Socket socket = new Socket(unresolved.getHostString(), unresolved.getPort())) {
        byte[] noise = new byte[1 + random.nextInt(4_000)];
        random.nextBytes(noise);
        socket.getOutputStream().write(noise);
        socket.shutdownOutput();
        socket.setSoTimeout(15_000);
        while (socket.getInputStream().read() >= 0) {
          // Until the host hangs up.
        }
      } catch (IOException reset) {
        assertThat(reset.getMessage()).as("seed %d", seed).contains("reset");
      }
    }
    assertThat(get(Ping.measure(connection))).isPositive();
    assertThat(server.connections()).hasSize(1);
  }
}
