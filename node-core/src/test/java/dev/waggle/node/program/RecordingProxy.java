package dev.waggle.node.program;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Passes TCP connections on, and keeps every byte that goes through, both ways. */
final class RecordingProxy implements AutoCloseable {
  private final ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
  private final InetSocketAddress target;
  private final ByteArrayOutputStream recorded = new ByteArrayOutputStream();
  private final List<Socket> open = new ArrayList<>();

  RecordingProxy(InetSocketAddress target) throws IOException {
    this.target = target;
    daemon(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  byte[] recorded() {
    synchronized (recorded) {
      return recorded.toByteArray();
    }
  }

  private static void daemon(Runnable work) {
    Thread thread = new Thread(work, "proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket from = server.accept();
        Socket to = new Socket(target.getAddress(), target.getPort());
        synchronized (open) {
          open.add(from);
          open.add(to);
        }
        daemon(() -> pass(from, to));
        daemon(() -> pass(to, from));
      }
    } catch (IOException e) {
      // It was closed, or the target is gone.
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] piece = new byte[16 << 10];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      int length;
      while ((length = in.read(piece)) >= 0) {
        synchronized (recorded) {
          recorded.write(piece, 0, length);
        }
        out.write(piece, 0, length);
      }
    } catch (IOException e) {
      // One side went away, so both do.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    synchronized (open) {
      for (Socket each : open) {
        each.close();
      }
    }
  }
}
