package dev.waggle.mesh.libp2p.connection;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.transport.Link;
import dev.waggle.mesh.libp2p.transport.LinkDialer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Paths to one host, any number of them, on which everything takes its time. */
final class SlowLinks implements LinkDialer, AutoCloseable {
  private final Libp2pHost host;
  private final List<Multiaddr> addresses;
  private final Duration oneWay;
  private final ScheduledExecutorService time = Executors.newSingleThreadScheduledExecutor();

  SlowLinks(Libp2pHost host, List<Multiaddr> addresses, Duration oneWay) {
    this.host = host;
    this.addresses = addresses;
    this.oneWay = oneWay;
  }

  @Override
  public boolean handles(Multiaddr address) {
    return addresses.contains(address);
  }

  @Override
  public CompletableFuture<Link> dial(Multiaddr address, PeerId peer) {
    End near = new End();
    End far = new End();
    near.other = far;
    far.other = near;
    host.accept(far, address);
    return CompletableFuture.completedFuture(near);
  }

  @Override
  public void close() {
    time.shutdownNow();
  }

  private void later(Runnable what) {
    time.schedule(what, oneWay.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** One end; what arrives before it is started waits. */
  private final class End implements Link {
    private final List<ByteBuffer> waiting = new ArrayList<>();
    private End other = this;
    private @Nullable Receiver receiver;
    private boolean closed;

    @Override
    public synchronized void start(Receiver starting) {
      receiver = starting;
      waiting.forEach(starting::onBytes);
      if (closed) {
        starting.onClosed();
      }
    }

    @Override
    public CompletableFuture<Void> send(ByteBuffer bytes) {
      if (closed) {
        return CompletableFuture.failedFuture(new IOException("closed"));
      }
      ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
      later(() -> other.onArrived(copy));
      return CompletableFuture.completedFuture(null);
    }

    private synchronized void onArrived(ByteBuffer bytes) {
      if (receiver == null) {
        waiting.add(bytes);
      } else if (!closed) {
        receiver.onBytes(bytes);
      }
    }

    @Override
    public void reading(boolean on) {
      // Nobody sends much.
    }

    @Override
    public void close() {
      if (end()) {
        later(other::end);
      }
    }

    private synchronized boolean end() {
      boolean first = !closed;
      closed = true;
      if (first && receiver != null) {
        receiver.onClosed();
      }
      return first;
    }
  }
}
