package dev.waggle.node;

import dev.waggle.node.config.ConfigException;
import dev.waggle.node.config.Setting;
import dev.waggle.node.config.Settings;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Describes a node that is to be embedded. What is not said has the program's default; a {@code
 * config.toml} in the data directory is not read. Not thread-safe.
 */
public final class Builder {
  private static final String WHERE = "Node.builder()";

  private Optional<Path> dataDirectory = Optional.empty();
  private final List<Given> given = new ArrayList<>();

  private record Given(Setting setting, Object value) {}

  Builder() {}

  /** Where everything is kept; has to be said. */
  public Builder dataDirectory(Path path) {
    dataDirectory = Optional.of(path);
    return this;
  }

  /** What the other nodes call it. */
  public Builder name(String name) {
    return with(Setting.NAME, name);
  }

  /** Where the local HTTP API listens, as {@code host:port}; port 0 takes any free port. */
  public Builder api(String hostAndPort) {
    return with(Setting.API_ADDRESS, hostAndPort);
  }

  /** A libp2p address to listen on, instead of the default. */
  public Builder listen(String multiaddr) {
    return with(Setting.LISTEN, List.of(multiaddr));
  }

  /** Whether to find and be found on the local network. */
  public Builder mdns(boolean on) {
    return with(Setting.MDNS, on);
  }

  /** How many tasks it runs at once; 0 for a node that only asks. */
  public Builder slots(int slots) {
    return with(Setting.SLOTS, slots);
  }

  /** Where Ollama is. */
  public Builder ollama(URI address) {
    return with(Setting.OLLAMA_ADDRESS, address.toString());
  }

  /** Any other setting, as in {@code config.toml}. */
  public Builder with(Setting setting, Object value) {
    given.add(new Given(setting, value));
    return this;
  }

  /**
   * Starts the node; blocks until it is ready.
   *
   * @throws ConfigException if a setting is wrong
   * @throws NodeException if the node cannot start
   */
  public Node start() throws ConfigException, NodeException, InterruptedException {
    Settings settings =
        Settings.defaults(
            dataDirectory.orElseThrow(
                () -> new ConfigException(WHERE + ": a node needs a dataDirectory")));
    for (Given each : given) {
      settings.set(each.setting(), each.value(), WHERE);
    }
    return Node.start(settings.build());
  }
}
