package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.echo.Echo;
import dev.waggle.mesh.libp2p.protocol.gossipsub.GossipSub;
import dev.waggle.mesh.libp2p.protocol.gossipsub.PubSub;
import dev.waggle.mesh.libp2p.protocol.identify.Identify;
import dev.waggle.mesh.libp2p.protocol.perf.Perf;
import dev.waggle.mesh.libp2p.protocol.ping.Ping;
import dev.waggle.mesh.libp2p.protocol.relay.RelayClient;
import dev.waggle.mesh.libp2p.protocol.relay.RelayLimits;
import dev.waggle.mesh.libp2p.protocol.relay.RelayReservations;
import dev.waggle.mesh.libp2p.protocol.relay.RelayService;
import dev.waggle.node.Version;
import dev.waggle.node.data.DataDirectory;
import dev.waggle.node.data.DataException;
import dev.waggle.node.data.RunningNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "serve",
    description =
        "Answer identify, ping, perf, pubsub and "
            + Libp2pCommand.ECHO
            + ", until told to stop. Prints what is published on its topics as lines of JSON.",
    mixinStandardHelpOptions = true)
final class Libp2pServeCommand implements Callable<Integer> {
  private static final Duration RELAY_MAX = Duration.ofSeconds(15);

  @Mixin private final Libp2pCommand.KeyOption key = new Libp2pCommand.KeyOption();

  @Option(
      names = "--listen",
      paramLabel = "MULTIADDR",
      description =
          "An address to listen on, repeatable (default: /ip4/127.0.0.1/tcp/0). One that ends in"
              + " /p2p/PEER/p2p-circuit means: be reachable through that relay.")
  private List<String> listen = List.of("/ip4/127.0.0.1/tcp/0");

  @Option(names = "--relay", description = "Also serve as a circuit relay, within small limits.")
  private boolean relay;

  @Option(names = "--topic", paramLabel = "TOPIC", description = "Subscribe to it, repeatable.")
  private List<String> topics = List.of();

  @Option(
      names = "--ready-file",
      paramLabel = "FILE",
      description = "Gets one line of JSON once the host listens.")
  private @Nullable Path readyFile;

  @Override
  public Integer call() throws CommandException, InterruptedException {
    Identity identity = key.identity();
    List<Multiaddr> addresses = Libp2pCommand.addresses(listen);
    List<Multiaddr> circuits = addresses.stream().filter(Multiaddr::isCircuit).toList();
    Libp2pHost host =
        Libp2pCommand.host(identity, addresses.stream().filter(each -> !each.isCircuit()).toList());
    Runtime.getRuntime().addShutdownHook(new Thread(host::close, "stopping"));
    Ping.serve(host);
    Perf.serve(host);
    RelayClient relays = RelayClient.serve(host);
    if (relay) {
      RelayService.serve(
          host, identity, RelayLimits.STRANGERS, host::listenAddresses, Clock.systemUTC());
    }
    host.handle(Libp2pCommand.ECHO, stream -> new Echo());
    PubSub pubSub = GossipSub.serve(host, identity);
    for (String topic : topics) {
      pubSub.subscribe(
          topic,
          (from, data) -> PubSub.Verdict.ACCEPT,
          (from, data) -> System.out.println(line(topic, from, data)));
    }
    // Outside a swarm, everybody may publish.
    host.onConnection(pubSub::admit);
    List<Multiaddr> reachable = new CopyOnWriteArrayList<>(host.listenAddresses());
    Identify identify =
        Identify.serve(host, identity, Version.software(), () -> List.copyOf(reachable));
    for (Multiaddr circuit : circuits) {
      reachable.addAll(reserve(host, relays, circuit));
    }
    identify.push();
    List<String> names =
        reachable.stream().map(address -> address.withPeerId(host.peerId()).toString()).toList();
    names.forEach(address -> System.err.println("listening on " + address));
    if (readyFile != null) {
      try {
        DataDirectory.write(
            readyFile,
            new RunningNode("", names, host.peerId().toString(), ProcessHandle.current().pid()));
      } catch (DataException e) {
        throw new CommandException(ExitCode.FAILED, e.getMessage(), e);
      }
    }
    new CountDownLatch(1).await();
    return ExitCode.DONE;
  }

  /** Makes this host reachable through a relay, and keeps it so. */
  private static List<Multiaddr> reserve(Libp2pHost host, RelayClient relays, Multiaddr circuit)
      throws CommandException, InterruptedException {
    Multiaddr relay = circuit.relay().orElseThrow();
    PeerId peer =
        relay
            .peerId()
            .orElseThrow(
                () ->
                    new CommandException(
                        ExitCode.USAGE, circuit + " names no relay: /p2p/PEER is missing"));
    CountDownLatch reserved = new CountDownLatch(1);
    RelayReservations reservations =
        new RelayReservations(host, relays, Clock.systemUTC(), reserved::countDown);
    try {
      reservations.offer(
          host.connect(peer, List.of(relay)).get(RELAY_MAX.toSeconds(), TimeUnit.SECONDS));
    } catch (ExecutionException | TimeoutException e) {
      throw new CommandException(
          ExitCode.FAILED, "cannot reach the relay " + relay + ": " + e.getMessage(), e);
    }
    if (!reserved.await(RELAY_MAX.toSeconds(), TimeUnit.SECONDS)) {
      throw new CommandException(
          ExitCode.FAILED, "the relay " + relay + " does not take a reservation");
    }
    return reservations.addresses();
  }

  private static String line(String topic, PeerId from, byte[] data) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("topic", topic)
        .put("from", from.toString())
        .put("data", Base64.getEncoder().encodeToString(data))
        .put("text", new String(data, StandardCharsets.UTF_8))
        .toString();
  }
}
