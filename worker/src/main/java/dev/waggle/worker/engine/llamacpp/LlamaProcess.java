package dev.waggle.worker.engine.llamacpp;

import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.llamacpp.ChildMessage.Ask;
import dev.waggle.worker.engine.llamacpp.ChildMessage.Said;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The child JVM that has one model loaded. One conversation with it at a time; {@link #close} may
 * come from any thread and ends whatever waits.
 */
final class LlamaProcess implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LlamaProcess.class);
  private static final String SOCKET = "s";
  private static final Duration EXIT_MAX = Duration.ofSeconds(5);

  private final Process process;
  private final Path socketFile;
  private final SocketChannel socket;
  private final BufferedReader in;
  private final Writer out;
  private final Duration loadTime;

  private LlamaProcess(
      Process process, Path socketFile, SocketChannel socket, BufferedReader in, Said ready) {
    this.process = process;
    this.socketFile = socketFile;
    this.socket = socket;
    this.in = in;
    this.out = Channels.newWriter(socket, StandardCharsets.UTF_8);
    this.loadTime = Duration.ofMillis(Objects.requireNonNullElse(ready.loadMs(), 0L));
  }

  /** Sees the child before it is ready, so that it can be ended while it loads. */
  interface Starting {
    void onStarted(Process child);
  }

  /**
   * Starts a child and waits until it has loaded the model.
   *
   * @param nativeDirectory where the child unpacks its native library
   * @throws EngineException if it cannot load the model
   */
  static LlamaProcess start(Path model, Path nativeDirectory, int contextTokens, Starting starting)
      throws EngineException {
    Path directory = null;
    Process process = null;
    boolean ready = false;
    try {
      // A path of its own and short: the names of Unix sockets end at about a hundred bytes.
      directory = Files.createTempDirectory("waggle");
      Files.createDirectories(nativeDirectory);
      Path socketFile = directory.resolve(SOCKET);
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(socketFile), 1);
        process = launch(model, socketFile, nativeDirectory, contextTokens);
        starting.onStarted(process);
        // A child that dies before it calls would be waited for without end.
        process.onExit().thenRun(() -> closeQuietly(server));
        SocketChannel socket = server.accept();
        BufferedReader in =
            new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8), 1 << 16);
        Said first = hear(in);
        ready = true;
        return new LlamaProcess(process, socketFile, socket, in, first);
      }
    } catch (IOException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "llama.cpp for " + model.getFileName() + " did not start", e);
    } finally {
      if (!ready) {
        if (process != null) {
          process.destroyForcibly();
        }
        if (directory != null) {
          delete(directory.resolve(SOCKET));
        }
      }
    }
  }

  private static Process launch(Path model, Path socket, Path nativeDirectory, int contextTokens)
      throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        List.of(
            java,
            "-Xmx128m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-Dde.kherud.llama.tmpdir=" + nativeDirectory,
            "-cp",
            System.getProperty("java.class.path"),
            LlamaChild.class.getName(),
            model.toString(),
            socket.toString(),
            Integer.toString(contextTokens));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("WAGGLE_"));
    File nowhere = ProcessBuilder.Redirect.DISCARD.file();
    return builder.redirectOutput(nowhere).redirectError(nowhere).start();
  }

  /** How long the model took to load. */
  Duration loadTime() {
    return loadTime;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  void send(Ask ask) throws IOException {
    synchronized (out) {
      out.write(ChildMessage.line(ask));
      out.flush();
    }
  }

  /**
   * The next thing that the child says; blocks.
   *
   * @throws EngineException if it says that it failed
   * @throws IOException if it is gone
   */
  Said hear() throws EngineException, IOException {
    return hear(in);
  }

  private static Said hear(BufferedReader in) throws EngineException, IOException {
    @Nullable String line = ChildMessage.read(in);
    if (line == null) {
      throw new IOException("llama.cpp ended");
    }
    Said said = ChildMessage.parse(line, Said.class);
    if (said.error() != null) {
      throw new EngineException(Outcome.Failure.ENGINE, said.error());
    }
    return said;
  }

  /** Ends the child, and with it the model in memory. Idempotent. */
  @Override
  public void close() {
    process.destroyForcibly();
    closeQuietly(socket);
    try {
      if (!process.waitFor(EXIT_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("the llama.cpp child {} does not end", process.pid());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    delete(socketFile);
  }

  private static void closeQuietly(AutoCloseable channel) {
    try {
      channel.close();
    } catch (Exception e) {
      log.debug("a socket did not close in order: {}", e.toString());
    }
  }

  /** Deletes the socket and the folder that was made for it, if they are still there. */
  static void delete(Path socketFile) {
    try {
      Files.deleteIfExists(socketFile);
      Path directory = socketFile.getParent();
      if (directory != null) {
        Files.deleteIfExists(directory);
      }
    } catch (IOException e) {
      log.debug("{} was not deleted: {}", socketFile, e.toString());
    }
  }
}
