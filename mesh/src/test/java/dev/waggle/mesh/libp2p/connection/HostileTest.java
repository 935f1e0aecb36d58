package dev.waggle.mesh.libp2p.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.gossipsub.GossipSub;
import dev.waggle.mesh.libp2p.protocol.gossipsub.PubSub;
import dev.waggle.mesh.libp2p.protocol.ping.Ping;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What one peer does wrong must not hurt the others. All over loopback. */
@Timeout(60)
class HostileTest {
  private static final String HOLD = "/test/hold/1";
  private static final String TOPIC = "bees";

  private final HostThreads threads = new HostThreads();
  private final List<Libp2pHost> hosts = new ArrayList<>();
  private final List<Socket> sockets = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    hosts.forEach(Libp2pHost::close);
    threads.close();
  }

  private Libp2pHost host(Identity identity) throws Exception {
    Libp2pHost host =
        Libp2pHost.create(identity, List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")), threads);
    hosts.add(host);
    Ping.serve(host);
    host.handle(HOLD, stream -> new Silent());
    host.listen();
    return host;
  }

  private Libp2pHost host() throws Exception {
    return host(Identity.generate(new SecureRandom()));
  }

  private static Connection connect(Libp2pHost from, Libp2pHost to) throws Exception {
    return from.connect(to.peerId(), to.listenAddresses()).get(20, TimeUnit.SECONDS);
  }

  private static final class Silent implements StreamReader {
    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      // Read.
    }

    @Override
    public void onEnd(Stream stream) {
      // Fine.
    }

    @Override
    public void onReset(Stream stream) {
      // Fine.
    }
  }

  @Test
  void socketsThatNeverFinishTheirHandshake_keepNobodyOut() throws Exception {
    Libp2pHost victim = host();
    InetSocketAddress at = victim.listenAddresses().get(0).tcp().orElseThrow();
    for (int i = 0; i < Libp2pHost.UPGRADING_MAX + 100; i++) {
      Socket socket = new Socket();
      socket.connect(new InetSocketAddress(at.getHostString(), at.getPort()));
      // The greeting of multistream-select, one byte of it.
      socket.getOutputStream().write(0x13);
      sockets.add(socket);
    }
    Libp2pHost honest = host();
    assertThat(Ping.measure(connect(honest, victim))).succeedsWithin(Duration.ofSeconds(10));
    // The first ones made room.
    assertThat(sockets.get(0).getInputStream().read()).isIn(-1, 0x13);
    await()
        .until(
            () -> {
              try {
                sockets.get(0).getOutputStream().write(0);
                return false;
              } catch (IOException e) {
                return true;
              }
            });
  }

  @Test
  void tenThousandStreamsAtOnce_endWithTheirMaker_notWithTheHost() throws Exception {
    Libp2pHost victim = host();
    Libp2pHost attacker = host();
    Connection attack = connect(attacker, victim);
    List<CompletableFuture<Stream>> opened = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      opened.add(attack.open(List.of(HOLD), new Silent()));
    }
    Connection honest = connect(host(), victim);
    assertThat(Ping.measure(honest)).succeedsWithin(Duration.ofSeconds(10));
    CompletableFuture.allOf(opened.toArray(CompletableFuture<?>[]::new))
        .handle((done, failure) -> failure)
        .get(30, TimeUnit.SECONDS);
    long held = opened.stream().filter(each -> !each.isCompletedExceptionally()).count();
    assertThat(held).isBetween(100L, 4_096L);
    assertThat(victim.connection(attacker.peerId()).map(Connection::streams).orElse(0))
        .isLessThanOrEqualTo(4_096);
    attack.close();
    await().until(() -> victim.connection(attacker.peerId()).isEmpty());
    assertThat(Ping.measure(honest)).succeedsWithin(Duration.ofSeconds(10));
  }

  /** Random bytes in the place of gossip, then forged messages, then well-formed nonsense. */
  @Test
  void gossipFlood_costsTheFlooderItsScore_andTheOthersNothing() throws Exception {
    Identity victimIdentity = Identity.generate(new SecureRandom());
    Libp2pHost victim = host(victimIdentity);
    List<String> heard = new CopyOnWriteArrayList<>();
    GossipSub gossip = gossip(victim, victimIdentity, heard);
    Identity honestIdentity = Identity.generate(new SecureRandom());
    Libp2pHost honest = host(honestIdentity);
    GossipSub other = gossip(honest, honestIdentity, new CopyOnWriteArrayList<>());
    connect(honest, victim);
    await().until(() -> other.subscribers(TOPIC) == 1 && gossip.subscribers(TOPIC) == 1);

    Libp2pHost attacker = host();
    Connection attack = connect(attacker, victim);
    Random random = new Random(3);
    Stream garbage = attack.open(GossipSub.PROTOCOLS, new Silent()).get(10, TimeUnit.SECONDS);
    byte[] noise = new byte[100_000];
    random.nextBytes(noise);
    garbage.write(ByteBuffer.wrap(noise));
    Stream flood = attack.open(GossipSub.PROTOCOLS, new Silent()).get(10, TimeUnit.SECONDS);
    for (int i = 0; i < 300; i++) {
      flood.write(FrameAssembler.frame(forged(honestIdentity, i))).get(10, TimeUnit.SECONDS);
    }
    await().until(() -> gossip.score(attacker.peerId()) < -1_000);
    assertThat(gossip.score(honest.peerId())).isGreaterThanOrEqualTo(0);
    other.publish(TOPIC, new byte[] {'o', 'k'});
    await().until(() -> heard.equals(List.of("ok")));
    assertThat(gossip.mesh(TOPIC)).containsExactly(honest.peerId());
  }

  private GossipSub gossip(Libp2pHost host, Identity identity, List<String> heard) {
    GossipSub gossip = GossipSub.serve(host, identity);
    gossip.subscribe(
        TOPIC,
        (from, data) -> PubSub.Verdict.ACCEPT,
        (from, data) -> heard.add(new String(data, java.nio.charset.StandardCharsets.UTF_8)));
    host.onConnection(gossip::admit);
    return gossip;
  }

  /** An RPC with a message in another's name. */
  private static byte[] forged(Identity victim, int number) {
    var message =
        dev.waggle.mesh.libp2p.pb.PubsubMessage.newBuilder()
            .setFrom(com.google.protobuf.ByteString.copyFrom(victim.peerId().multihash()))
            .setSeqno(
                com.google.protobuf.ByteString.copyFrom(
                    ByteBuffer.allocate(8).putLong(number).array()))
            .setTopic(TOPIC)
            .setData(com.google.protobuf.ByteString.copyFromUtf8("lies"))
            .setSignature(com.google.protobuf.ByteString.copyFrom(new byte[64]))
            .build();
    return dev.waggle.mesh.libp2p.pb.PubsubRpc.newBuilder()
        .addPublish(message.toByteString())
        .build()
        .toByteArray();
  }
}
