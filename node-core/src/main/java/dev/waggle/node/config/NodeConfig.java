package dev.waggle.node.config;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.worker.Limits;
import dev.waggle.worker.model.TransferRules;
import dev.waggle.worker.owner.OwnerRules;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * All settings of a node. Immutable and valid.
 *
 * @param name what the others call it; 1 to 64 printable characters
 * @param dataDirectory where everything is kept
 * @param passphraseFile has the passphrase of the keys, where they are locked
 * @param apiAddress where the local HTTP API listens; port 0 takes any free port
 * @param apiKey what every call of the API has to show; empty for none, which only a loopback
 *     address may have
 * @param requestLabels what every request of this node carries, whatever else it does
 * @param listen libp2p addresses to listen on
 * @param peers libp2p addresses to dial, each ending in a peer id
 * @param mdns whether to find and be found on the local network
 * @param limits how much work it takes
 * @param ownerRules what others may do with this machine, and when
 * @param firstChunkMax how long a worker may take to begin an answer, loading included
 * @param stallMax how long an engine may pause within an answer
 * @param engines what runs models here
 * @param sandbox what runs code here
 * @param upstream who outside the swarm may be asked to write code; empty for nobody
 * @param ollamaStore where Ollama keeps its models; empty for where it usually does
 * @param transfers how models are copied between this machine and others
 * @param jobs whose jobs are looked after where
 */
public record NodeConfig(
    String name,
    Path dataDirectory,
    Optional<Path> passphraseFile,
    InetSocketAddress apiAddress,
    Optional<String> apiKey,
    Set<Label> requestLabels,
    List<Multiaddr> listen,
    List<Multiaddr> peers,
    boolean mdns,
    Limits limits,
    OwnerRules ownerRules,
    Duration firstChunkMax,
    Duration stallMax,
    EngineConfig engines,
    SandboxConfig sandbox,
    Optional<UpstreamConfig> upstream,
    Optional<Path> ollamaStore,
    TransferRules transfers,
    JobRules jobs) {
  /** The shortest API key, in characters. */
  public static final int API_KEY_CHARACTERS_MIN = 16;

  public NodeConfig {
    requestLabels = Set.copyOf(requestLabels);
    listen = List.copyOf(listen);
    peers = List.copyOf(peers);
    if (apiKey.isEmpty()
        && (apiAddress.isUnresolved() || !apiAddress.getAddress().isLoopbackAddress())) {
      throw new IllegalArgumentException(
          "the API at "
              + apiAddress
              + " could be used by other machines and so needs a key (set key under [api], or use"
              + " 127.0.0.1)");
    }
  }

  /** Shows no key. */
  @Override
  public String toString() {
    return "NodeConfig(" + name + ", " + dataDirectory + ", " + apiAddress + ")";
  }
}
