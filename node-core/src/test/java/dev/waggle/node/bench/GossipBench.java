package dev.waggle.node.bench;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.connection.HostThreads;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.gossipsub.GossipSub;
import dev.waggle.mesh.libp2p.protocol.gossipsub.PubSub;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Prints what gossip costs: ten hosts of one JVM, all connected over loopback, messages of 1 KiB,
 * every signature verified; beside it what one signature and its check cost in the same run.
 */
public final class GossipBench {
  private static final String TOPIC = "bench";
  private static final int HOSTS = 10;
  private static final int MESSAGE_BYTES = 1_024;
  private static final int AT_ONCE = 64;
  private static final int WARM_UP = 6_000;
  private static final int MESSAGES = 10_000;
  private static final int STEADY_MESSAGES = 1_000;
  private static final int STEADY_PER_SECOND = 100;

  private final HostThreads threads = new HostThreads();
  private final List<Libp2pHost> hosts = new ArrayList<>();
  private final List<PubSub> gossips = new ArrayList<>();
  private final Semaphore room = new Semaphore(AT_ONCE * (HOSTS - 1));
  private final AtomicLong delivered = new AtomicLong();
  private final ConcurrentLinkedQueue<Long> latencies = new ConcurrentLinkedQueue<>();

  private GossipBench() throws Exception {
    for (int i = 0; i < HOSTS; i++) {
      Identity identity = Identity.generate(new SecureRandom());
      Libp2pHost host =
          Libp2pHost.create(identity, List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")), threads);
      host.listen();
      PubSub gossip = GossipSub.serve(host, identity);
      gossip.subscribe(TOPIC, (from, data) -> PubSub.Verdict.ACCEPT, this::onMessage);
      host.onConnection(gossip::admit);
      hosts.add(host);
      gossips.add(gossip);
    }
    for (int i = 0; i < HOSTS; i++) {
      for (int j = 0; j < i; j++) {
        hosts
            .get(i)
            .connect(hosts.get(j).peerId(), hosts.get(j).listenAddresses())
            .get(10, TimeUnit.SECONDS);
      }
    }
    for (PubSub gossip : gossips) {
      while (gossip.subscribers(TOPIC) < HOSTS - 1) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    System.out.printf("Java %s%n", Runtime.version());
    signatures();
    GossipBench bench = new GossipBench();
    bench.flood(WARM_UP, false);
    bench.flood(MESSAGES, true);
    bench.steady();
    bench.hosts.forEach(Libp2pHost::close);
    System.exit(0);
  }

  private static void signatures() {
    Identity identity = Identity.generate(new SecureRandom());
    byte[] message = new byte[MESSAGE_BYTES];
    byte[] signature = identity.sign(message);
    int rounds = 4_000;
    for (int i = 0; i < rounds; i++) {
      identity.peerId().verify(message, signature);
    }
    long begin = System.nanoTime();
    for (int i = 0; i < rounds; i++) {
      identity.peerId().verify(message, signature);
    }
    System.out.printf(
        "one check of a signature: %.0f us%n", (System.nanoTime() - begin) / 1e3 / rounds);
  }

  private void onMessage(PeerId from, byte[] data) {
    latencies.add(System.nanoTime() - ByteBuffer.wrap(data).getLong());
    delivered.incrementAndGet();
    room.release();
  }

  private void publish(int host) {
    gossips
        .get(host)
        .publish(TOPIC, ByteBuffer.allocate(MESSAGE_BYTES).putLong(System.nanoTime()).array());
  }

  private void flood(int messages, boolean print) throws InterruptedException {
    delivered.set(0);
    long begin = System.nanoTime();
    for (int i = 0; i < messages; i++) {
      if (!room.tryAcquire(HOSTS - 1, 10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("messages are lost");
      }
      publish(i % HOSTS);
    }
    if (!room.tryAcquire(AT_ONCE * (HOSTS - 1), 10, TimeUnit.SECONDS)) {
      throw new IllegalStateException("messages are lost");
    }
    room.release(AT_ONCE * (HOSTS - 1));
    double seconds = (System.nanoTime() - begin) / 1e9;
    if (print) {
      System.out.printf(
          "gossip, %d hosts, 1 KiB, %d messages at once: %.0f messages/s, %.0f deliveries/s%n",
          HOSTS, AT_ONCE, messages / seconds, delivered.get() / seconds);
    }
  }

  private void steady() throws InterruptedException {
    latencies.clear();
    long begin = System.nanoTime();
    for (int i = 0; i < STEADY_MESSAGES; i++) {
      long due = begin + i * TimeUnit.SECONDS.toNanos(1) / STEADY_PER_SECOND;
      TimeUnit.NANOSECONDS.sleep(Math.max(0, due - System.nanoTime()));
      publish(i % HOSTS);
    }
    TimeUnit.SECONDS.sleep(1);
    List<Long> sorted = new ArrayList<>(latencies);
    Collections.sort(sorted);
    System.out.printf(
        "the same at %d messages/s: p50 %.2f ms, p99 %.2f ms%n",
        STEADY_PER_SECOND,
        sorted.get(sorted.size() / 2) / 1e6,
        sorted.get(sorted.size() * 99 / 100) / 1e6);
  }
}
