package dev.waggle.mesh.libp2p.connection;

import dev.waggle.mesh.libp2p.transport.SocketIo;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads of one host, or of several that share them: event loops, and two pools that end when
 * idle. No connection has a thread of its own. Thread-safe.
 */
public final class HostThreads implements AutoCloseable {
  private static final int COUNT = Math.min(2, Runtime.getRuntime().availableProcessors());
  private static final int HANDSHAKES_WAITING_MAX = 1_024;
  private static final int COMPUTATIONS_WAITING_MAX = 4_096;
  private static final Duration IDLE_MAX = Duration.ofSeconds(10);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

  private final MultiThreadIoEventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(
          COUNT, new DefaultThreadFactory("libp2p", true), SocketIo.best().ioHandler());
  // Two pools: a flood of messages to verify must not keep newcomers out.
  private final ThreadPoolExecutor handshakes = pool("libp2p-handshake", HANDSHAKES_WAITING_MAX);
  private final ThreadPoolExecutor computing = pool("libp2p-compute", COMPUTATIONS_WAITING_MAX);

  private static ThreadPoolExecutor pool(String name, int waitingMax) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            COUNT,
            COUNT,
            IDLE_MAX.toMillis(),
            TimeUnit.MILLISECONDS,
            new ArrayBlockingQueue<>(waitingMax),
            new DefaultThreadFactory(name, true));
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  EventLoopGroup loops() {
    return loops;
  }

  /** Runs the public-key operations of handshakes; refuses when full. */
  ThreadPoolExecutor handshakes() {
    return handshakes;
  }

  /** Runs what protocols have to compute; refuses when full. */
  ThreadPoolExecutor computing() {
    return computing;
  }

  /** Ends the threads, within five seconds; the hosts must have been closed. */
  @Override
  public void close() {
    handshakes.shutdownNow();
    computing.shutdownNow();
    loops
        .shutdownGracefully(0, CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(CLOSE_MAX.toMillis());
  }
}
