package dev.waggle.node.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.connection.HostThreads;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.perf.Perf;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Prints what libp2p costs over loopback between two JVMs, beside a plain socket in the same run.
 *
 * <p>Arguments: node.jar and the home of the JDK for the other side.
 */
public final class Libp2pBench {
  private static final String ECHO = "/waggle/echo/1";
  private static final int MESSAGE_BYTES = 1_024;
  private static final int WARM_UP = 40_000;
  private static final int ECHOES = 60_000;
  private static final int ECHOES_AT_ONCE = 64;
  private static final int CONNECTIONS_WARM_UP = 20_000;
  private static final int CONNECTIONS = 6_000;
  private static final int CONNECTIONS_AT_ONCE = 16;
  private static final long BULK_BYTES = 1_000_000_000;
  private static final double MEGA = 1e6;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final PeerId peer;
  private final List<Multiaddr> addresses;
  // Threads for them all: what is measured is a connection, not a host.
  private final HostThreads threads = new HostThreads();
  private final Libp2pHost host = Libp2pHost.create(Identity.generate(RANDOM), List.of(), threads);
  private final ConcurrentLinkedQueue<Libp2pHost> hosts = new ConcurrentLinkedQueue<>();

  private Libp2pBench(PeerId peer, List<Multiaddr> addresses) {
    this.peer = peer;
    this.addresses = addresses;
  }

  public static void main(String[] arguments) throws Exception {
    try (Scratch directory = new Scratch()) {
      measure(arguments[0], arguments[1], directory.resolve("ready.json"));
    }
    System.exit(0);
  }

  private static void measure(String jar, String javaHome, Path ready) throws Exception {
    Process other =
        new ProcessBuilder(
                javaHome + "/bin/java",
                "-jar",
                jar,
                "libp2p",
                "serve",
                "--ready-file",
                ready.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      while (!Files.exists(ready)) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      JsonNode said = new ObjectMapper().readTree(Files.readString(ready));
      Multiaddr address = Multiaddr.parse(said.path("listen").path(0).asText());
      System.out.printf("Java %s%n", Runtime.version());
      plainSocket();
      new Libp2pBench(address.peerId().orElseThrow(), List.of(address)).run();
    } finally {
      other.destroy();
      other.waitFor();
    }
  }

  /** What this machine can do without any of it: one thread a side, in this JVM. */
  private static void plainSocket() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread echo = new Thread(() -> echoPlainly(server), "plain-echo");
      echo.setDaemon(true);
      echo.start();
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort())) {
        socket.setTcpNoDelay(true);
        byte[] message = new byte[MESSAGE_BYTES];
        DataInputStream in = new DataInputStream(socket.getInputStream());
        List<Long> times = new ArrayList<>();
        for (int i = 0; i < WARM_UP + ECHOES; i++) {
          long begin = System.nanoTime();
          socket.getOutputStream().write(message);
          in.readFully(message);
          if (i >= WARM_UP) {
            times.add(System.nanoTime() - begin);
          }
        }
        System.out.printf(
            "plain socket: 1 KiB echo, one at a time: p50 %.0f us%n", percentile(times, 50) / 1e3);
      }
    }
  }

  private static void echoPlainly(ServerSocket server) {
    try (Socket socket = server.accept()) {
      socket.setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      byte[] message = new byte[MESSAGE_BYTES];
      while (true) {
        in.readFully(message);
        out.write(message);
      }
    } catch (IOException e) {
      // The other end has seen enough.
    }
  }

  private void run() throws Exception {
    measure(
        "new connections", CONNECTIONS_WARM_UP, CONNECTIONS, CONNECTIONS_AT_ONCE, this::connect);
    measure("new connections", 0, CONNECTIONS / 2, 1, this::connect);
    Connection connection = host.connect(peer, addresses).get(20, TimeUnit.SECONDS);
    measure("1 KiB echo, new stream each", WARM_UP, ECHOES, ECHOES_AT_ONCE, () -> echo(connection));
    measure("1 KiB echo, new stream each", WARM_UP, ECHOES, 1, () -> echo(connection));
    for (int i = 0; i < 2; i++) {
      // The first warms up.
      Perf.Result result =
          Perf.measure(connection, BULK_BYTES, BULK_BYTES).get(120, TimeUnit.SECONDS);
      if (i > 0) {
        System.out.printf(
            "bulk, one stream: up %.0f MB/s, down %.0f MB/s%n",
            BULK_BYTES / MEGA / (result.upload().toNanos() / 1e9),
            BULK_BYTES / MEGA / (result.download().toNanos() / 1e9));
      }
    }
  }

  private CompletableFuture<Void> connect() {
    // One host has one connection to a peer, so each needs its own.
    Libp2pHost waiting = hosts.poll();
    Libp2pHost fresh =
        waiting == null
            ? Libp2pHost.create(Identity.generate(RANDOM), List.of(), threads)
            : waiting;
    return fresh
        .connect(peer, addresses)
        .thenCompose(
            connection -> {
              connection.close();
              return connection.closed();
            })
        .whenComplete((closed, failure) -> hosts.add(fresh));
  }

  private static CompletableFuture<Void> echo(Connection connection) {
    Back back = new Back();
    connection
        .begin(ECHO, back)
        .whenComplete(
            (stream, failure) -> {
              if (failure != null) {
                back.all.completeExceptionally(failure);
              } else {
                stream.write(ByteBuffer.wrap(new byte[MESSAGE_BYTES]));
                stream.closeWrite();
              }
            });
    return back.all;
  }

  private static final class Back implements StreamReader {
    final CompletableFuture<Void> all = new CompletableFuture<>();
    private int bytes;

    @Override
    public void onData(Stream stream, ByteBuffer piece) {
      bytes += piece.remaining();
    }

    @Override
    public void onEnd(Stream stream) {
      if (bytes == MESSAGE_BYTES) {
        all.complete(null);
      } else {
        all.completeExceptionally(new IOException(bytes + " bytes came back"));
      }
    }

    @Override
    public void onReset(Stream stream) {
      all.completeExceptionally(new IOException("the stream was reset"));
    }
  }

  /** Does something again and again, so many at once, and prints its rate and times. */
  private static void measure(
      String what, int warmUp, int count, int atOnce, Supplier<CompletableFuture<Void>> work)
      throws Exception {
    if (warmUp > 0) {
      repeat(warmUp, atOnce, work).get(120, TimeUnit.SECONDS);
    }
    long begin = System.nanoTime();
    List<Long> times = List.copyOf(repeat(count, atOnce, work).get(120, TimeUnit.SECONDS));
    double seconds = (System.nanoTime() - begin) / 1e9;
    System.out.printf(
        "%s, %d at once: %.0f/s, p50 %.0f us, p99 %.0f us%n",
        what, atOnce, count / seconds, percentile(times, 50) / 1e3, percentile(times, 99) / 1e3);
  }

  private static CompletableFuture<ConcurrentLinkedQueue<Long>> repeat(
      int count, int atOnce, Supplier<CompletableFuture<Void>> work) {
    ConcurrentLinkedQueue<Long> times = new ConcurrentLinkedQueue<>();
    AtomicInteger toBegin = new AtomicInteger(count);
    AtomicInteger toEnd = new AtomicInteger(count);
    CompletableFuture<ConcurrentLinkedQueue<Long>> all = new CompletableFuture<>();
    for (int i = 0; i < atOnce; i++) {
      again(work, toBegin, toEnd, times, all);
    }
    return all;
  }

  private static void again(
      Supplier<CompletableFuture<Void>> work,
      AtomicInteger toBegin,
      AtomicInteger toEnd,
      ConcurrentLinkedQueue<Long> times,
      CompletableFuture<ConcurrentLinkedQueue<Long>> all) {
    if (toBegin.getAndDecrement() <= 0) {
      return;
    }
    long begin = System.nanoTime();
    work.get()
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                all.completeExceptionally(failure);
                return;
              }
              times.add(System.nanoTime() - begin);
              if (toEnd.decrementAndGet() == 0) {
                all.complete(times);
              }
              again(work, toBegin, toEnd, times, all);
            });
  }

  private static long percentile(List<Long> values, int percent) {
    List<Long> sorted = values.stream().sorted().toList();
    return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
  }
}
