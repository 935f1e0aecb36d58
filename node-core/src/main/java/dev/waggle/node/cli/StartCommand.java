package dev.waggle.node.cli;

import dev.waggle.node.Node;
import dev.waggle.node.NodeException;
import dev.waggle.node.config.ConfigException;
import dev.waggle.node.config.NodeConfig;
import dev.waggle.node.config.Setting;
import dev.waggle.node.config.Settings;
import dev.waggle.node.data.DataDirectory;
import dev.waggle.node.data.DataException;
import dev.waggle.node.log.ProgramLog;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "start",
    description = "Run a node until it is told to stop (Ctrl-C, or a signal to end).",
    footer = {
      "",
      "Every setting can also stand in config.toml in the data directory; a flag overrides it."
    },
    mixinStandardHelpOptions = true)
final class StartCommand implements Callable<Integer> {
  @Mixin private final DataDirectoryOption directory = new DataDirectoryOption();

  @Option(
      names = "--api",
      paramLabel = "HOST:PORT",
      description = "Where the local HTTP API listens (default: 127.0.0.1:4304).")
  private @Nullable String api;

  @Option(
      names = "--listen",
      paramLabel = "MULTIADDR",
      description = "A libp2p address to listen on, repeatable (default: /ip4/0.0.0.0/tcp/4301).")
  private @Nullable List<String> listen;

  @Option(
      names = "--peer",
      paramLabel = "MULTIADDR",
      description = "A libp2p address to connect to, ending in /p2p/ID, repeatable.")
  private @Nullable List<String> peers;

  @Option(names = "--name", paramLabel = "NAME", description = "What the others call this node.")
  private @Nullable String name;

  @Option(
      names = "--slots",
      paramLabel = "N",
      description = "Tasks to run at once; 0 only asks (default: 2).")
  private @Nullable Integer slots;

  @Option(names = "--no-mdns", description = "Do not find or be found on the local network.")
  private boolean noMdns;

  @Option(
      names = "--no-power-policy",
      description = "Take others' work whatever battery, heat and load say.")
  private boolean noPowerPolicy;

  @Option(names = "--no-ollama", description = "Do not use Ollama.")
  private boolean noOllama;

  @Option(names = "--no-llama", description = "Do not use llama.cpp.")
  private boolean noLlama;

  @Option(
      names = "--sandbox",
      paramLabel = "MODE",
      description = "What runs code: auto, docker, process, quickjs or off (default: auto).")
  private @Nullable String sandbox;

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      description = "debug, info, warn or error (default: info).")
  private @Nullable String logLevel;

  @Option(
      names = "--ready-file",
      paramLabel = "FILE",
      description = "Gets one line of JSON once the node is ready.")
  private @Nullable Path readyFile;

  @Override
  public Integer call() throws CommandException, InterruptedException {
    RuntimeThrift.beforeStart();
    Settings settings;
    NodeConfig config;
    try {
      settings = Settings.load(directory.path());
      override(settings);
      config = settings.build();
    } catch (ConfigException e) {
      throw new CommandException(ExitCode.USAGE, e.getMessage(), e);
    }
    try {
      DataDirectory.prepare(directory.path());
      ProgramLog.running(directory.path().resolve("logs"), settings.logLevel());
    } catch (DataException e) {
      throw new CommandException(ExitCode.FAILED, e.getMessage(), e);
    }
    try {
      Node node = Node.start(config);
      Runtime.getRuntime().addShutdownHook(new Thread(node::close, "stopping"));
      if (readyFile != null) {
        // Only now: whoever sees it may end this process in order.
        node.writeReadyFile(readyFile);
      }
      RuntimeThrift.afterStart();
    } catch (NodeException e) {
      throw new CommandException(ExitCode.FAILED, e.getMessage(), e);
    }
    // The signal that ends the process runs the hook, and this thread never wakes up.
    new CountDownLatch(1).await();
    return ExitCode.DONE;
  }

  private void override(Settings settings) throws ConfigException {
    set(settings, Setting.API_ADDRESS, api, "--api");
    set(settings, Setting.LISTEN, listen, "--listen");
    set(settings, Setting.PEERS, peers, "--peer");
    set(settings, Setting.NAME, name, "--name");
    set(settings, Setting.SLOTS, slots, "--slots");
    set(settings, Setting.LOG_LEVEL, logLevel, "--log-level");
    set(settings, Setting.MDNS, noMdns ? false : null, "--no-mdns");
    set(settings, Setting.OWNER_POWER, noPowerPolicy ? false : null, "--no-power-policy");
    set(settings, Setting.OLLAMA, noOllama ? false : null, "--no-ollama");
    set(settings, Setting.SANDBOX_MODE, sandbox, "--sandbox");
    set(settings, Setting.LLAMA, noLlama ? false : null, "--no-llama");
  }

  private static void set(Settings settings, Setting setting, @Nullable Object value, String flag)
      throws ConfigException {
    if (value != null) {
      settings.set(setting, value, flag);
    }
  }
}
