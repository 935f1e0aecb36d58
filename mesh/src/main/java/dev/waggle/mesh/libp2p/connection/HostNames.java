package dev.waggle.mesh.libp2p.connection;

import dev.waggle.mesh.libp2p.DialException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Turns the host names in addresses into numbers. Asks the system, which may take seconds, on
 * threads of its own; those end when nothing is asked.
 */
final class HostNames implements AutoCloseable {
  private static final int THREADS = 2;
  private static final int WAITING_MAX = 64;
  private static final int NUMBERS_MAX = 8;

  private final ThreadPoolExecutor threads;

  HostNames() {
    threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING_MAX),
            new DefaultThreadFactory("libp2p-names", true));
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * The addresses with numbers only, in their order. Fails with a {@link DialException} when none
   * of them leads anywhere.
   */
  CompletableFuture<List<Multiaddr>> resolve(List<Multiaddr> addresses) {
    if (addresses.stream().noneMatch(address -> address.hostName().isPresent())) {
      return CompletableFuture.completedFuture(addresses);
    }
    try {
      return CompletableFuture.supplyAsync(() -> ask(addresses), threads);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(new DialException("too many host names at once"));
    }
  }

  private static List<Multiaddr> ask(List<Multiaddr> addresses) {
    List<Multiaddr> numbers = new ArrayList<>();
    List<String> unknown = new ArrayList<>();
    for (Multiaddr address : addresses) {
      String name = address.hostName().orElse("");
      if (name.isEmpty()) {
        numbers.add(address);
        continue;
      }
      try {
        int before = numbers.size();
        for (InetAddress number : InetAddress.getAllByName(name)) {
          if (numbers.size() - before < NUMBERS_MAX) {
            address.withHost(number).ifPresent(numbers::add);
          }
        }
      } catch (UnknownHostException e) {
        unknown.add(name);
      }
    }
    if (numbers.isEmpty()) {
      throw new CompletionException(
          new DialException("unknown host " + String.join(", ", unknown)));
    }
    return numbers;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
