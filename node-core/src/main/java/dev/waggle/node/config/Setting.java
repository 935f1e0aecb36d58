package dev.waggle.node.config;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.blob.Pace;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelRule;
import dev.waggle.mesh.swarm.membership.Certificate;
import dev.waggle.worker.Limits;
import dev.waggle.worker.engine.ollama.OllamaAddress;
import dev.waggle.worker.owner.Hours;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** A setting of {@code config.toml}: its key, its type, and what values it takes. */
public enum Setting {
  NAME("name", Type.TEXT, "1 to 64 printable characters, for example \"anna-laptop\""),
  PASSPHRASE_FILE("keys.passphrase-file", Type.TEXT, "a file that only its owner can read"),
  API_ADDRESS("api.address", Type.TEXT, "host:port, for example \"127.0.0.1:4304\""),
  API_KEY("api.key", Type.TEXT, "at least 16 characters without spaces"),
  API_LABELS("api.labels", Type.TEXTS, "labels like [\"team-a\", \"lan-only\"]"),
  LISTEN("mesh.listen", Type.TEXTS, "libp2p addresses, for example [\"/ip4/0.0.0.0/tcp/4301\"]"),
  PEERS(
      "mesh.peers",
      Type.TEXTS,
      "libp2p addresses ending in a peer id, for example [\"/ip4/10.0.0.5/tcp/4301/p2p/12D3Koo...\"]"),
  MDNS("mesh.mdns", Type.SWITCH, "true or false"),
  SLOTS("worker.slots", Type.NUMBER, "0 to " + Limits.SLOTS_MAX + " tasks at once"),
  SLOTS_PER_MODEL(
      "worker.slots-per-model", Type.NUMBER, "1 to " + Limits.SLOTS_MAX + " tasks at once"),
  QUEUE("worker.queue", Type.NUMBER, "0 to " + Limits.QUEUE_MAX + " waiting tasks"),
  FIRST_TOKEN_SECONDS("worker.first-token-seconds", Type.NUMBER, "1 to 3600 seconds"),
  STALL_SECONDS("worker.stall-seconds", Type.NUMBER, "1 to 3600 seconds"),
  PROBE_MODELS("worker.probe-models", Type.SWITCH, "true or false"),
  OWNER_HOURS(
      "owner.hours", Type.TEXTS, "hours like [\"mon-fri 18:00-08:00\", \"sat 00:00-24:00\"]"),
  OWNER_BLOCKED("owner.blocked", Type.TEXTS, "names or peer ids of members"),
  OWNER_POWER("owner.power", Type.SWITCH, "true or false"),
  OWNER_CPU_PERCENT("owner.cpu-percent-max", Type.NUMBER, "1 to 100"),
  OWNER_FREE_MEMORY("owner.free-memory-mb", Type.NUMBER, "0 to 1048576 MiB"),
  OWNER_MEMBER_SLOTS("owner.member-slots", Type.NUMBER, "0 to " + Limits.SLOTS_MAX + " tasks"),
  OWNER_MEMBER_TASKS("owner.member-tasks-per-hour", Type.NUMBER, "0 to 1000000 tasks"),
  OWNER_MEMBER_CREDITS("owner.member-credits-per-day", Type.NUMBER, "0 to 1000000 credits"),
  OWNER_LABELS(
      "owner.labels",
      Type.TEXTS,
      "rules like [\"only team-a\", \"never repo:acme/*\", \"qwen3:70b only team-a\"]"),
  OWNER_SHARE_MODELS("owner.share-models", Type.SWITCH, "true or false"),
  OWNER_ALLOW_PULL("owner.allow-pull", Type.SWITCH, "true or false"),
  OWNER_ALLOW_JOBS("owner.allow-jobs", Type.TEXTS, "names or peer ids of members, or [\"all\"]"),
  JOBS_COORDINATOR("jobs.coordinator", Type.TEXT, "the name or peer id of a member"),
  TRANSFER_RATE(
      "transfer.bytes-per-second",
      Type.NUMBER,
      "0 for no limit, or "
          + Pace.BYTES_PER_SECOND_MIN
          + " to "
          + Pace.BYTES_PER_SECOND_MAX
          + " bytes per second"),
  OLLAMA("ollama.enabled", Type.SWITCH, "true or false"),
  OLLAMA_ADDRESS("ollama.address", Type.TEXT, "host:port, for example \"127.0.0.1:11434\""),
  OLLAMA_STORE("ollama.models", Type.TEXT, "the folder of Ollama's models on this disk"),
  OLLAMA_CONTEXT("ollama.context-tokens", Type.NUMBER, "512 to 1048576 tokens"),
  OPENAI_SERVERS(
      "openai.servers",
      Type.TEXTS,
      "addresses of OpenAI-compatible servers, for example [\"http://127.0.0.1:8080/v1\"]"),
  OPENAI_KEY("openai.key", Type.TEXT, "at least one character, without spaces"),
  LLAMA("llama.enabled", Type.SWITCH, "true or false"),
  LLAMA_MODELS("llama.models", Type.TEXT, "a folder with .gguf files"),
  UPSTREAM(
      "upstream.address",
      Type.TEXT,
      "the address of an OpenAI-compatible server, for example \"https://api.example.com/v1\""),
  UPSTREAM_MODEL("upstream.model", Type.TEXT, "the name of a model there"),
  UPSTREAM_KEY("upstream.key", Type.TEXT, "at least one character, without spaces"),
  SANDBOX_MODE(
      "sandbox.mode", Type.TEXT, "\"auto\", \"docker\", \"process\", \"quickjs\" or \"off\""),
  SANDBOX_IMAGES(
      "sandbox.images",
      Type.TEXTS,
      "languages and images by their digests, for example [\"python=python@sha256:...\"]"),
  SANDBOX_WALL(
      "sandbox.seconds-max", Type.NUMBER, "1 to " + CodeLimits.WALL_MAX.toSeconds() + " seconds"),
  SANDBOX_MEMORY(
      "sandbox.memory-mb-max",
      Type.NUMBER,
      "16 to " + (CodeLimits.MEMORY_BYTES_MAX >> 20) + " MiB"),
  SANDBOX_PROCESSES(
      "sandbox.processes-max",
      Type.NUMBER,
      "1 to " + CodeLimits.PROCESSES_MAX + " processes and threads"),
  SANDBOX_DISK(
      "sandbox.disk-mb-max", Type.NUMBER, "1 to " + (CodeLimits.DISK_BYTES_MAX >> 20) + " MiB"),
  SANDBOX_OUTPUT(
      "sandbox.output-kb-max", Type.NUMBER, "1 to " + (CodeLimits.OUTPUT_BYTES_MAX >> 10) + " KiB"),
  LOG_LEVEL("log.level", Type.TEXT, "\"debug\", \"info\", \"warn\" or \"error\"");

  /** The form of a value. */
  enum Type {
    TEXT("a text in quotes"),
    TEXTS("a list of texts"),
    NUMBER("a whole number"),
    SWITCH("true or false");

    final String words;

    Type(String words) {
      this.words = words;
    }
  }

  private static final String SANDBOX_MODES = "auto|docker|process|quickjs|off";
  private static final int SANDBOX_MEMORY_MB_MIN = 16;
  private static final int CONTEXT_MIN = 512;
  private static final int CONTEXT_MAX = 1 << 20;
  private static final int SECONDS_MAX = 3_600;
  private static final int MEMORY_MB_MAX = 1 << 20;
  private static final int TASKS_MAX = 1_000_000;
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]*");

  private final String key;
  private final Type type;
  private final String expected;

  Setting(String key, Type type, String expected) {
    this.key = key;
    this.type = type;
    this.expected = expected;
  }

  /** Its place in the file, tables and key joined by points. */
  public String key() {
    return key;
  }

  Type type() {
    return type;
  }

  /** What to write, for people. */
  public String expected() {
    return expected;
  }

  /** Whether its value is never shown. */
  boolean isSecret() {
    return this == API_KEY || this == OPENAI_KEY || this == UPSTREAM_KEY;
  }

  static Optional<Setting> ofKey(String key) {
    for (Setting each : values()) {
      if (each.key.equals(key)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** Whether a value of the right type is one that the setting takes. */
  boolean accepts(Object value) {
    return switch (this) {
      case NAME -> Certificate.isName((String) value);
      case API_ADDRESS -> isHostAndPort((String) value);
      case API_KEY ->
          ((String) value).length() >= NodeConfig.API_KEY_CHARACTERS_MIN
              && KEY.matcher((String) value).matches();
      case LISTEN -> isAddress((String) value, false);
      case PEERS -> isAddress((String) value, true);
      case SLOTS -> isBetween(value, 0, Limits.SLOTS_MAX);
      case SLOTS_PER_MODEL -> isBetween(value, 1, Limits.SLOTS_MAX);
      case QUEUE -> isBetween(value, 0, Limits.QUEUE_MAX);
      case FIRST_TOKEN_SECONDS, STALL_SECONDS -> isBetween(value, 1, SECONDS_MAX);
      case OLLAMA_ADDRESS -> isOllama((String) value);
      case OLLAMA_CONTEXT -> isBetween(value, CONTEXT_MIN, CONTEXT_MAX);
      case OPENAI_SERVERS, UPSTREAM -> isServer((String) value);
      case OPENAI_KEY, UPSTREAM_KEY ->
          !((String) value).isEmpty() && KEY.matcher((String) value).matches();
      case SANDBOX_MODE -> ((String) value).toLowerCase(Locale.ROOT).matches(SANDBOX_MODES);
      case SANDBOX_IMAGES -> SandboxConfig.images(List.of((String) value)).isPresent();
      case SANDBOX_WALL -> isBetween(value, 1, CodeLimits.WALL_MAX.toSeconds());
      case SANDBOX_MEMORY ->
          isBetween(value, SANDBOX_MEMORY_MB_MIN, CodeLimits.MEMORY_BYTES_MAX >> 20);
      case SANDBOX_PROCESSES -> isBetween(value, 1, CodeLimits.PROCESSES_MAX);
      case SANDBOX_DISK -> isBetween(value, 1, CodeLimits.DISK_BYTES_MAX >> 20);
      case SANDBOX_OUTPUT -> isBetween(value, 1, CodeLimits.OUTPUT_BYTES_MAX >> 10);
      case UPSTREAM_MODEL, LLAMA_MODELS, OLLAMA_STORE, PASSPHRASE_FILE ->
          !((String) value).isBlank();
      case LOG_LEVEL -> ((String) value).toLowerCase(Locale.ROOT).matches("debug|info|warn|error");
      case OWNER_HOURS -> isHours((String) value);
      case OWNER_LABELS -> isRule((String) value);
      case API_LABELS -> Label.isLabel((String) value);
      case OWNER_BLOCKED, OWNER_ALLOW_JOBS, JOBS_COORDINATOR -> !((String) value).isBlank();
      case OWNER_CPU_PERCENT -> isBetween(value, 1, 100);
      case OWNER_FREE_MEMORY -> isBetween(value, 0, MEMORY_MB_MAX);
      case OWNER_MEMBER_SLOTS -> isBetween(value, 0, Limits.SLOTS_MAX);
      case OWNER_MEMBER_TASKS, OWNER_MEMBER_CREDITS -> isBetween(value, 0, TASKS_MAX);
      case TRANSFER_RATE -> Pace.isLimit((Long) value);
      case MDNS, OLLAMA, LLAMA, OWNER_POWER, OWNER_SHARE_MODELS, OWNER_ALLOW_PULL, PROBE_MODELS ->
          true;
    };
  }

  private static boolean isBetween(Object value, long least, long most) {
    return (Long) value >= least && (Long) value <= most;
  }

  private static boolean isHours(String text) {
    try {
      Hours.parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isRule(String text) {
    try {
      LabelRule.parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isHostAndPort(String text) {
    return HostAndPort.parse(text).isPresent();
  }

  private static boolean isServer(String text) {
    try {
      URI uri = URI.create(text);
      return uri.getHost() != null && Set.of("http", "https").contains(uri.getScheme());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isOllama(String text) {
    try {
      OllamaAddress.parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isAddress(String text, boolean withPeer) {
    try {
      Multiaddr address = Multiaddr.parse(text);
      return address.tcp().isPresent() && address.peerId().isPresent() == withPeer;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
