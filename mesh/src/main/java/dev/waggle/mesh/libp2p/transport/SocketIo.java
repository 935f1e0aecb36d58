package dev.waggle.mesh.libp2p.transport;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.kqueue.KQueueServerSocketChannel;
import io.netty.channel.kqueue.KQueueSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.Locale;

/**
 * How this machine's sockets are driven: epoll on Linux, kqueue on macOS, the JDK's selector
 * elsewhere and when {@code -Dwaggle.io=nio} says so.
 *
 * <p>Not io_uring: Netty's threw when channels closed, and what bounds this library is not the
 * system call.
 */
public enum SocketIo {
  EPOLL,
  KQUEUE,
  NIO;

  /** The best one that works here. */
  public static SocketIo best() {
    return Best.FOUND;
  }

  private static final class Best {
    static final SocketIo FOUND = find();

    private static SocketIo find() {
      String wanted = System.getProperty("waggle.io", "").toLowerCase(Locale.ROOT);
      String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
      if (wanted.equals("nio")) {
        return NIO;
      }
      if (system.contains("linux") && Epoll.isAvailable()) {
        return EPOLL;
      }
      return system.contains("mac") && KQueue.isAvailable() ? KQUEUE : NIO;
    }
  }

  /** Makes what an event loop waits with. */
  public IoHandlerFactory ioHandler() {
    return switch (this) {
      case EPOLL -> EpollIoHandler.newFactory();
      case KQUEUE -> KQueueIoHandler.newFactory();
      case NIO -> NioIoHandler.newFactory();
    };
  }

  Class<? extends SocketChannel> socket() {
    return switch (this) {
      case EPOLL -> EpollSocketChannel.class;
      case KQUEUE -> KQueueSocketChannel.class;
      case NIO -> NioSocketChannel.class;
    };
  }

  Class<? extends ServerSocketChannel> serverSocket() {
    return switch (this) {
      case EPOLL -> EpollServerSocketChannel.class;
      case KQUEUE -> KQueueServerSocketChannel.class;
      case NIO -> NioServerSocketChannel.class;
    };
  }
}
