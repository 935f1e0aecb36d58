package dev.waggle.node.bench;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.connection.HostThreads;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.ping.Ping;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Prints what idle connections cost: a thousand of another JVM's hosts on one of this one's. */
public final class IdleBench {
  private static final int CONNECTIONS = 1_000;
  private static final int KIB = 1_024;

  private IdleBench() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      serve();
    } else {
      dial(Multiaddr.parse(arguments[0]));
    }
    System.exit(0);
  }

  private static void serve() throws Exception {
    HostThreads threads = new HostThreads();
    Libp2pHost host =
        Libp2pHost.create(
            Identity.generate(new SecureRandom()),
            List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")),
            threads);
    Ping.serve(host);
    host.listen();
    String address = host.listenAddresses().get(0).withPeerId(host.peerId()).toString();
    // One connection first: classes and pools that all share.
    Process one = client(address, 1);
    await(host, 1);
    long threadsBefore = Thread.activeCount();
    long before = memory();
    Process many = client(address, CONNECTIONS);
    await(host, 1 + CONNECTIONS);
    TimeUnit.SECONDS.sleep(12); // Handshake threads end, the first keep-alives pass.
    long after = memory();
    System.out.printf(
        "%d idle connections on one host: %.1f KiB of heap and direct memory each, %d threads more%n",
        CONNECTIONS,
        (double) (after - before) / KIB / CONNECTIONS,
        Thread.activeCount() - threadsBefore);
    one.destroy();
    many.destroy();
    host.close();
    threads.close();
  }

  private static Process client(String address, int count) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Dbench.count=" + count,
            "-Dlogback.configurationFile=logback-test.xml",
            "-cp",
            System.getProperty("java.class.path"),
            IdleBench.class.getName(),
            address)
        .inheritIO()
        .start();
  }

  private static void await(Libp2pHost host, int count) throws InterruptedException {
    while (host.connections().size() < count) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static long memory() throws InterruptedException {
    for (int i = 0; i < 5; i++) {
      System.gc();
      TimeUnit.MILLISECONDS.sleep(200);
    }
    long direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    long netty = Math.max(0, PlatformDependent.usedDirectMemory());
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    return heap + Math.max(direct, netty);
  }

  private static void dial(Multiaddr address) throws Exception {
    HostThreads threads = new HostThreads();
    List<Libp2pHost> hosts = new ArrayList<>();
    for (int i = 0; i < Integer.getInteger("bench.count"); i++) {
      Libp2pHost host =
          Libp2pHost.create(Identity.generate(new SecureRandom()), List.of(), threads);
      host.connect(address.peerId().orElseThrow(), List.of(address)).get(20, TimeUnit.SECONDS);
      hosts.add(host);
    }
    TimeUnit.MINUTES.sleep(5); // Until it is ended.
    hosts.forEach(Libp2pHost::close);
  }
}
