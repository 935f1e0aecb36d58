package dev.waggle.node.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A node that runs as a process of its own, with a fresh data directory or one that it had before.
 *
 * <p>It listens on free loopback ports and never on the network. What it prints goes to {@code
 * console.log} in its data directory. Closing ends the process and waits until it is gone.
 */
public final class NodeProcess implements AutoCloseable {
  private static final Duration READY_MAX = Duration.ofSeconds(30);
  private static final Duration STOP_MAX = Duration.ofSeconds(10);
  private static final Duration READY_POLL = Duration.ofMillis(20);

  private final Process process;
  private final Path dataDirectory;
  private final Ready ready;
  private final Duration startTime;

  /**
   * What a node says of itself once it is ready.
   *
   * @param api its HTTP address
   * @param listen its libp2p addresses, each ending in its peer id
   */
  public record Ready(URI api, List<String> listen, String peerId) {}

  private NodeProcess(Process process, Path dataDirectory, Ready ready, Duration startTime) {
    this.process = process;
    this.dataDirectory = dataDirectory;
    this.ready = ready;
    this.startTime = startTime;
  }

  /** The command that starts this same program again, without arguments. */
  public static List<String> thisProgram() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    if (classPath.endsWith(".jar") && !classPath.contains(System.getProperty("path.separator"))) {
      return List.of(java, "-jar", classPath);
    }
    return List.of(java, "-cp", classPath, "dev.waggle.node.Main");
  }

  /**
   * Starts a node and waits until it is ready, at most 30 seconds.
   *
   * @param program the command, for example {@link #thisProgram()}
   * @param arguments further arguments of {@code start}
   * @throws IOException if it ends or is not ready in time; the message has the end of its output
   */
  public static NodeProcess start(List<String> program, Path dataDirectory, List<String> arguments)
      throws IOException, InterruptedException {
    Files.createDirectories(dataDirectory);
    Path readyFile = dataDirectory.resolve("ready.json");
    Path console = dataDirectory.resolve("console.log");
    Files.deleteIfExists(readyFile);
    List<String> command = new ArrayList<>(program);
    command.addAll(
        List.of(
            "start",
            "--data-dir",
            dataDirectory.toString(),
            "--api",
            "127.0.0.1:0",
            "--listen",
            "/ip4/127.0.0.1/tcp/0",
            "--no-mdns",
            "--ready-file",
            readyFile.toString()));
    command.addAll(arguments);
    long begin = System.nanoTime();
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(console.toFile()))
            .start();
    process.getOutputStream().close();
    boolean started = false;
    try {
      while (!Files.exists(readyFile)) {
        if (process.waitFor(READY_POLL.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new IOException(
              "the node ended with exit code " + process.exitValue() + ": " + tail(console));
        }
        if (System.nanoTime() - begin > READY_MAX.toNanos()) {
          throw new IOException(
              "the node was not ready within " + READY_MAX.toSeconds() + " s: " + tail(console));
        }
      }
      Duration startTime = Duration.ofNanos(System.nanoTime() - begin);
      Ready ready = parse(Files.readString(readyFile));
      started = true;
      return new NodeProcess(process, dataDirectory, ready, startTime);
    } finally {
      if (!started) {
        process.destroyForcibly();
      }
    }
  }

  private static Ready parse(String line) throws IOException {
    JsonNode json = new ObjectMapper().readTree(line);
    List<String> listen = new ArrayList<>();
    json.path("listen").forEach(address -> listen.add(address.asText()));
    return new Ready(
        URI.create("http://" + json.path("api").asText()), listen, json.path("peerId").asText());
  }

  private static String tail(Path console) throws IOException {
    List<String> lines = Files.readAllLines(console, StandardCharsets.UTF_8);
    return String.join(" | ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
  }

  /** What the node said when it was ready. */
  public Ready ready() {
    return ready;
  }

  /** Where it keeps its data. */
  public Path dataDirectory() {
    return dataDirectory;
  }

  /** From the start of the process to its ready file. */
  public Duration startTime() {
    return startTime;
  }

  /** The process itself. */
  public ProcessHandle handle() {
    return process.toHandle();
  }

  /** The token that its local API asks for. */
  public String token() throws IOException {
    return Files.readString(dataDirectory.resolve("api.token")).strip();
  }

  /** Ends it as {@code kill -9} does and waits until it is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Ends it in order, or by force after ten seconds. Idempotent. */
  @Override
  public void close() {
    try {
      process.destroy();
      if (!process.waitFor(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
