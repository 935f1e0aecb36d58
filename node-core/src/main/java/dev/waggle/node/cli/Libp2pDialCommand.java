package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.gossipsub.GossipSub;
import dev.waggle.mesh.libp2p.protocol.gossipsub.PubSub;
import dev.waggle.mesh.libp2p.protocol.identify.Identify;
import dev.waggle.mesh.libp2p.protocol.identify.PeerInfo;
import dev.waggle.mesh.libp2p.protocol.perf.Perf;
import dev.waggle.mesh.libp2p.protocol.ping.Ping;
import dev.waggle.mesh.libp2p.protocol.relay.RelayClient;
import dev.waggle.node.Version;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

@Command(
    name = "dial",
    description = "Connect to a host and use one protocol of it.",
    mixinStandardHelpOptions = true)
final class Libp2pDialCommand {
  private static final Duration DIAL_MAX = Duration.ofSeconds(20);
  private static final Duration SUBSCRIBER_MAX = Duration.ofSeconds(10);
  private static final long SUBSCRIBER_POLL_MS = 20;
  private static final double MEGA = 1e6;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private final Libp2pCommand.KeyOption key = new Libp2pCommand.KeyOption();

  @Option(names = "--json", scope = ScopeType.INHERIT, description = "Print JSON.")
  private boolean json;

  @Parameters(
      index = "0",
      paramLabel = "MULTIADDR",
      description = "The host's address, ending in /p2p/ID.")
  private String address = "";

  /** What a protocol's use comes to. */
  private interface Use {
    ObjectNode with(Libp2pHost host, Connection connection)
        throws InterruptedException, ExecutionException, TimeoutException, CommandException;
  }

  private int use(Use use) throws CommandException, InterruptedException {
    Multiaddr target = Libp2pCommand.address(address);
    PeerId peer =
        target
            .peerId()
            .orElseThrow(
                () ->
                    new CommandException(
                        ExitCode.USAGE, "\"" + address + "\" does not end in /p2p/ and a peer id"));
    Identity identity = key.identity();
    try (Libp2pHost host = Libp2pCommand.host(identity, List.of())) {
      Ping.serve(host);
      RelayClient.serve(host);
      Identify.serve(host, identity, Version.software());
      this.pubSub = GossipSub.serve(host, identity);
      host.onConnection(pubSub::admit);
      Connection connection =
          host.connect(peer, List.of(target)).get(DIAL_MAX.toSeconds(), TimeUnit.SECONDS);
      ObjectNode result = use.with(host, connection);
      print(result);
      return ExitCode.DONE;
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new CommandException(ExitCode.FAILED, String.valueOf(cause.getMessage()), e);
    } catch (TimeoutException e) {
      throw new CommandException(ExitCode.FAILED, "the peer did not answer in time", e);
    }
  }

  private @org.jspecify.annotations.Nullable GossipSub pubSub;

  private void print(ObjectNode result) {
    if (json) {
      System.out.println(result);
    } else {
      result
          .properties()
          .forEach(field -> System.out.println(field.getKey() + ": " + text(field.getValue())));
    }
  }

  private static String text(com.fasterxml.jackson.databind.JsonNode value) {
    return value.isTextual() ? value.textValue() : value.toString();
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  @Command(name = "ping", description = "Measure round trips.", mixinStandardHelpOptions = true)
  int ping(@Option(names = "--count", paramLabel = "N", defaultValue = "3") int count)
      throws CommandException, InterruptedException {
    if (count < 1 || count > 1_000) {
      throw wrong("--count takes 1 to 1000");
    }
    return use(
        (host, connection) -> {
          ObjectNode result = object();
          ArrayNode times = result.putArray("roundTripMs");
          for (int i = 0; i < count; i++) {
            Duration time = Ping.measure(connection).get(DIAL_MAX.toSeconds(), TimeUnit.SECONDS);
            times.add(time.toNanos() / MEGA);
          }
          return result;
        });
  }

  @Command(
      name = "identify",
      description = "Show what the peer says of itself.",
      mixinStandardHelpOptions = true)
  int identify() throws CommandException, InterruptedException {
    return use(
        (host, connection) -> {
          PeerInfo info = Identify.ask(connection).get(DIAL_MAX.toSeconds(), TimeUnit.SECONDS);
          ObjectNode result = object();
          result.put("peerId", connection.remotePeer().toString()).put("agent", info.agent());
          ArrayNode protocols = result.putArray("protocols");
          info.protocols().forEach(protocols::add);
          ArrayNode addresses = result.putArray("addresses");
          info.addresses().forEach(each -> addresses.add(each.toString()));
          info.observed().ifPresent(observed -> result.put("observed", observed.toString()));
          return result;
        });
  }

  @Command(name = "perf", description = "Measure throughput.", mixinStandardHelpOptions = true)
  int perf(
      @Option(names = "--upload", paramLabel = "BYTES", defaultValue = "104857600") long upload,
      @Option(names = "--download", paramLabel = "BYTES", defaultValue = "104857600") long download,
      @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "120") long seconds)
      throws CommandException, InterruptedException {
    if (upload < 0 || download < 0 || upload > Perf.BYTES_MAX || download > Perf.BYTES_MAX) {
      throw wrong("--upload and --download take 0 to " + Perf.BYTES_MAX + " bytes");
    }
    return use(
        (host, connection) -> {
          Perf.Result measured =
              Perf.measure(connection, upload, download).get(seconds, TimeUnit.SECONDS);
          ObjectNode result = object();
          result.put("uploadBytes", upload).put("uploadSeconds", seconds(measured.upload()));
          result.put("downloadBytes", download);
          result.put("downloadSeconds", seconds(measured.download()));
          result.put("uploadMBps", rate(upload, measured.upload()));
          result.put("downloadMBps", rate(download, measured.download()));
          return result;
        });
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  private static double rate(long bytes, Duration time) {
    double rate = bytes / MEGA / Math.max(1e-9, seconds(time));
    return Double.parseDouble(String.format(Locale.ROOT, "%.1f", rate));
  }

  @Command(
      name = "echo",
      description = "Send a text and show what comes back.",
      mixinStandardHelpOptions = true)
  int echo(@Parameters(paramLabel = "TEXT", arity = "0..*") List<String> words)
      throws CommandException, InterruptedException {
    String text = words == null || words.isEmpty() ? "hello" : String.join(" ", words);
    return use(
        (host, connection) -> {
          Gathering gathering = new Gathering();
          Stream stream =
              connection
                  .open(List.of(Libp2pCommand.ECHO), gathering)
                  .get(DIAL_MAX.toSeconds(), TimeUnit.SECONDS);
          stream.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
          stream.closeWrite();
          byte[] back = gathering.all.get(DIAL_MAX.toSeconds(), TimeUnit.SECONDS);
          return object().put("echo", new String(back, StandardCharsets.UTF_8));
        });
  }

  @Command(
      name = "publish",
      description = "Publish a text on a topic that the peer is subscribed to.",
      mixinStandardHelpOptions = true)
  int publish(
      @Parameters(index = "0", paramLabel = "TOPIC") String topic,
      @Parameters(index = "1..*", arity = "1..*", paramLabel = "TEXT") List<String> words)
      throws CommandException, InterruptedException {
    byte[] data = String.join(" ", words).getBytes(StandardCharsets.UTF_8);
    if (data.length > PubSub.MESSAGE_BYTES_MAX) {
      throw wrong("a message has at most " + PubSub.MESSAGE_BYTES_MAX + " bytes");
    }
    return use(
        (host, connection) -> {
          GossipSub publishing = java.util.Objects.requireNonNull(pubSub);
          awaitSubscriber(publishing, topic);
          publishing.publish(topic, data);
          // Its answer says that what was sent before has arrived, too.
          Ping.measure(connection).get(DIAL_MAX.toSeconds(), TimeUnit.SECONDS);
          return object().put("topic", topic).put("bytes", data.length);
        });
  }

  private static void awaitSubscriber(GossipSub pubSub, String topic)
      throws CommandException, InterruptedException {
    long deadline = System.nanoTime() + SUBSCRIBER_MAX.toNanos();
    while (pubSub.subscribers(topic) == 0) {
      if (System.nanoTime() > deadline) {
        throw new CommandException(
            ExitCode.FAILED, "the peer is not subscribed to \"" + topic + "\"");
      }
      TimeUnit.MILLISECONDS.sleep(SUBSCRIBER_POLL_MS);
    }
  }

  /** Everything that comes back. */
  private static final class Gathering implements StreamReader {
    final CompletableFuture<byte[]> all = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void onData(Stream stream, ByteBuffer piece) {
      byte[] copy = new byte[piece.remaining()];
      piece.get(copy);
      bytes.writeBytes(copy);
    }

    @Override
    public void onEnd(Stream stream) {
      all.complete(bytes.toByteArray());
    }

    @Override
    public void onReset(Stream stream) {
      all.completeExceptionally(new IOException("the peer broke the echo off"));
    }
  }
}
