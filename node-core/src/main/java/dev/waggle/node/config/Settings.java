package dev.waggle.node.config;

import dev.waggle.coordinator.Nearest;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelRule;
import dev.waggle.mesh.swarm.membership.Certificate;
import dev.waggle.worker.Limits;
import dev.waggle.worker.engine.ollama.OllamaAddress;
import dev.waggle.worker.model.TransferRules;
import dev.waggle.worker.owner.Hours;
import dev.waggle.worker.owner.OwnerRules;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;

/**
 * Gathers settings from the file and from flags, checks each where it comes from, and makes a
 * {@link NodeConfig} of them. Not thread-safe.
 */
public final class Settings {
  /** The file's name in the data directory. */
  public static final String FILE = "config.toml";

  private static final String API_ADDRESS_DEFAULT = "127.0.0.1:4304";
  private static final int FILE_BYTES_MAX = 1 << 20;
  private static final int OLLAMA_CONTEXT_DEFAULT = 8_192;
  private static final Duration FIRST_TOKEN_DEFAULT = Duration.ofMinutes(2);
  private static final Duration STALL_DEFAULT = Duration.ofSeconds(30);

  private final Path dataDirectory;
  private final Map<Setting, Object> values = new EnumMap<>(Setting.class);

  private Settings(Path dataDirectory) {
    this.dataDirectory = dataDirectory;
  }

  /** No setting but the defaults. */
  public static Settings defaults(Path dataDirectory) {
    return new Settings(dataDirectory);
  }

  /**
   * The settings of the data directory's file, if it has one.
   *
   * @throws ConfigException naming file, line, key and remedy
   */
  public static Settings load(Path dataDirectory) throws ConfigException {
    Settings settings = new Settings(dataDirectory);
    Path file = dataDirectory.resolve(FILE);
    if (Files.exists(file)) {
      settings.read(file);
    }
    return settings;
  }

  private void read(Path file) throws ConfigException {
    TomlParseResult toml;
    try {
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw new ConfigException(file + " is larger than a configuration can be");
      }
      toml = Toml.parse(file);
    } catch (IOException e) {
      throw new ConfigException(file + " cannot be read: " + e.getMessage(), e);
    }
    if (toml.hasErrors()) {
      var error = toml.errors().get(0);
      throw new ConfigException(
          file + ", line " + error.position().line() + ": " + error.getMessage());
    }
    for (String key : toml.dottedKeySet()) {
      var position = toml.inputPositionOf(key);
      String where = file + ", line " + (position == null ? "?" : position.line());
      Setting setting =
          Setting.ofKey(key).orElseThrow(() -> new ConfigException(where + ": " + unknown(key)));
      set(setting, toml.get(key), where);
    }
  }

  private static String unknown(String key) {
    List<String> known = Arrays.stream(Setting.values()).map(Setting::key).toList();
    return "unknown key \""
        + key
        + "\""
        + Nearest.to(key, known).map(nearest -> " (did you mean \"" + nearest + "\"?)").orElse("");
  }

  /**
   * Sets one value.
   *
   * @param where what to blame for it: a line of a file, or a flag
   * @throws ConfigException if the setting does not take the value
   */
  public Settings set(Setting setting, @Nullable Object value, String where)
      throws ConfigException {
    Object typed =
        value instanceof Integer number
            ? Long.valueOf(number)
            : value instanceof TomlArray array ? array.toList() : value;
    boolean right =
        switch (setting.type()) {
          case TEXT -> typed instanceof String;
          case NUMBER -> typed instanceof Long;
          case SWITCH -> typed instanceof Boolean;
          case TEXTS ->
              typed instanceof List<?> list && list.stream().allMatch(String.class::isInstance);
        };
    if (!right || typed == null) {
      throw wrong(setting, "has to be " + setting.type().words, where);
    }
    List<?> all = typed instanceof List<?> list ? list : List.of(typed);
    for (Object each : all) {
      if (!setting.accepts(each)) {
        // A key is a secret: it is not repeated.
        String shown = setting.isSecret() ? "" : ", not \"" + each + "\"";
        throw wrong(setting, "takes " + setting.expected() + shown, where);
      }
    }
    values.put(setting, typed);
    return this;
  }

  private static ConfigException wrong(Setting setting, String what, String where) {
    return new ConfigException(where + ": " + setting.key() + " " + what);
  }

  /** The level of the log. */
  public String logLevel() {
    return text(Setting.LOG_LEVEL).orElse("info");
  }

  /**
   * The whole configuration.
   *
   * @throws ConfigException if the settings do not fit together
   */
  public NodeConfig build() throws ConfigException {
    InetSocketAddress api =
        HostAndPort.parse(text(Setting.API_ADDRESS).orElse(API_ADDRESS_DEFAULT)).orElseThrow();
    if (api.isUnresolved()) {
      throw new ConfigException(
          "the API's host \"" + api.getHostString() + "\" is unknown (use 127.0.0.1)");
    }
    try {
      return new NodeConfig(
          text(Setting.NAME).orElseGet(Settings::hostName),
          dataDirectory,
          text(Setting.PASSPHRASE_FILE).map(dataDirectory::resolve),
          api,
          text(Setting.API_KEY),
          Label.all(texts(Setting.API_LABELS), Label.OF_REQUEST_MAX),
          addresses(Setting.LISTEN, List.of("/ip4/0.0.0.0/tcp/4301")),
          addresses(Setting.PEERS, List.of()),
          isOn(Setting.MDNS),
          new Limits(
              number(Setting.SLOTS, 2),
              number(Setting.SLOTS_PER_MODEL, 1),
              number(Setting.QUEUE, 16)),
          ownerRules(),
          seconds(Setting.FIRST_TOKEN_SECONDS, FIRST_TOKEN_DEFAULT),
          seconds(Setting.STALL_SECONDS, STALL_DEFAULT),
          engines(),
          sandbox(),
          upstream(),
          text(Setting.OLLAMA_STORE).map(dataDirectory::resolve),
          new TransferRules(
              isOn(Setting.OWNER_SHARE_MODELS),
              // It lets others fill this disk, so it is off until the owner says so.
              Boolean.TRUE.equals(values.get(Setting.OWNER_ALLOW_PULL)),
              values.get(Setting.TRANSFER_RATE) instanceof Long rate ? rate : 0),
          new JobRules(
              Set.copyOf(texts(Setting.OWNER_ALLOW_JOBS)), text(Setting.JOBS_COORDINATOR)));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()), e);
    }
  }

  private EngineConfig engines() throws ConfigException {
    return new EngineConfig(
        isOn(Setting.OLLAMA) ? Optional.of(ollama()) : Optional.empty(),
        number(Setting.OLLAMA_CONTEXT, OLLAMA_CONTEXT_DEFAULT),
        texts(Setting.OPENAI_SERVERS).stream().map(URI::create).toList(),
        text(Setting.OPENAI_KEY),
        isOn(Setting.PROBE_MODELS),
        isOn(Setting.LLAMA)
            ? Optional.of(
                text(Setting.LLAMA_MODELS)
                    .map(dataDirectory::resolve)
                    .orElse(dataDirectory.resolve("models")))
            : Optional.empty());
  }

  private Optional<UpstreamConfig> upstream() throws ConfigException {
    Optional<String> address = text(Setting.UPSTREAM);
    Optional<String> model = text(Setting.UPSTREAM_MODEL);
    if (address.isPresent() != model.isPresent()) {
      throw new ConfigException(
          "upstream.address and upstream.model belong together: set both, or neither");
    }
    return address.map(
        text ->
            new UpstreamConfig(URI.create(text), model.orElseThrow(), text(Setting.UPSTREAM_KEY)));
  }

  private SandboxConfig sandbox() {
    CodeLimits usual = CodeLimits.DEFAULT;
    return new SandboxConfig(
        SandboxConfig.Mode.valueOf(
            text(Setting.SANDBOX_MODE).orElse("auto").toUpperCase(Locale.ROOT)),
        SandboxConfig.images(texts(Setting.SANDBOX_IMAGES)).orElseThrow(),
        new CodeLimits(
            seconds(Setting.SANDBOX_WALL, usual.wall()),
            (long) number(Setting.SANDBOX_MEMORY, (int) (usual.memoryBytes() >> 20)) << 20,
            number(Setting.SANDBOX_PROCESSES, usual.processes()),
            (long) number(Setting.SANDBOX_DISK, (int) (usual.diskBytes() >> 20)) << 20,
            number(Setting.SANDBOX_OUTPUT, usual.outputBytes() >> 10) << 10));
  }

  private OwnerRules ownerRules() {
    OwnerRules fallback = OwnerRules.DEFAULT;
    return new OwnerRules(
        texts(Setting.OWNER_HOURS).stream().map(Hours::parse).toList(),
        Set.copyOf(texts(Setting.OWNER_BLOCKED)),
        isOn(Setting.OWNER_POWER),
        number(Setting.OWNER_CPU_PERCENT, fallback.cpuPercentMax()),
        number(Setting.OWNER_FREE_MEMORY, fallback.freeMemoryMbMin()),
        number(Setting.OWNER_MEMBER_SLOTS, fallback.memberSlots()),
        number(Setting.OWNER_MEMBER_TASKS, fallback.memberTasksPerHour()),
        number(Setting.OWNER_MEMBER_CREDITS, fallback.memberCreditsPerDay()),
        texts(Setting.OWNER_LABELS).stream().map(LabelRule::parse).toList());
  }

  private List<String> texts(Setting setting) {
    List<?> texts = values.get(setting) instanceof List<?> list ? list : List.of();
    return texts.stream().map(String.class::cast).toList();
  }

  private URI ollama() throws ConfigException {
    Optional<String> address = text(Setting.OLLAMA_ADDRESS);
    try {
      return address.map(OllamaAddress::parse).orElseGet(OllamaAddress::fromEnvironment);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("OLLAMA_HOST: " + e.getMessage(), e);
    }
  }

  /** This machine's name, without asking a name server where that can be avoided. */
  private static String hostName() {
    List<Optional<String>> sources =
        List.of(
            Optional.ofNullable(System.getenv("COMPUTERNAME")),
            Optional.ofNullable(System.getenv("HOSTNAME")),
            content(Path.of("/etc/hostname")),
            Optional.of("node"));
    return sources.stream()
        .flatMap(Optional::stream)
        .map(String::strip)
        .filter(Certificate::isName)
        .findFirst()
        .orElseThrow();
  }

  private static Optional<String> content(Path file) {
    try {
      return Optional.of(Files.readString(file));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Optional<String> text(Setting setting) {
    return Optional.ofNullable((String) values.get(setting));
  }

  private boolean isOn(Setting setting) {
    return !Boolean.FALSE.equals(values.get(setting));
  }

  private int number(Setting setting, int fallback) {
    return values.get(setting) instanceof Long number ? number.intValue() : fallback;
  }

  private Duration seconds(Setting setting, Duration fallback) {
    return values.get(setting) instanceof Long number ? Duration.ofSeconds(number) : fallback;
  }

  private List<Multiaddr> addresses(Setting setting, List<String> fallback) {
    List<?> texts = values.get(setting) instanceof List<?> list ? list : fallback;
    return texts.stream().map(text -> Multiaddr.parse((String) text)).toList();
  }
}
