package dev.waggle.node.config;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelRule;
import dev.waggle.mesh.swarm.membership.Certificate;
import dev.waggle.worker.Limits;
import dev.waggle.worker.engine.ollama.OllamaAddress;
import dev.waggle.worker.owner.Hours;
import java.util.Locale;
import java.util.Optional;
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
  OLLAMA("ollama.enabled", Type.SWITCH, "true or false"),
  OLLAMA_ADDRESS("ollama.address", Type.TEXT, "host:port, for example \"127.0.0.1:11434\""),
  LLAMA("llama.enabled", Type.SWITCH, "true or false"),
  LLAMA_MODELS("llama.models", Type.TEXT, "a folder with .gguf files"),
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
      case LLAMA_MODELS, PASSPHRASE_FILE -> !((String) value).isBlank();
      case LOG_LEVEL -> ((String) value).toLowerCase(Locale.ROOT).matches("debug|info|warn|error");
      case OWNER_HOURS -> isHours((String) value);
      case OWNER_LABELS -> isRule((String) value);
      case API_LABELS -> Label.isLabel((String) value);
      case OWNER_BLOCKED -> !((String) value).isBlank();
      case OWNER_CPU_PERCENT -> isBetween(value, 1, 100);
      case OWNER_FREE_MEMORY -> isBetween(value, 0, MEMORY_MB_MAX);
      case OWNER_MEMBER_SLOTS -> isBetween(value, 0, Limits.SLOTS_MAX);
      case OWNER_MEMBER_TASKS, OWNER_MEMBER_CREDITS -> isBetween(value, 0, TASKS_MAX);
      case MDNS, OLLAMA, LLAMA, OWNER_POWER -> true;
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
