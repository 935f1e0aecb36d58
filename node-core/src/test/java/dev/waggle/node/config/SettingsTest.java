package dev.waggle.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.worker.Limits;
import dev.waggle.worker.model.TransferRules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  private static final String PEER = "12D3KooWFYEzjvZqYAdLh4Rd8q7Q7jRpYPDLVxx4qRZS7gRiqZTn";

  private @TempDir Path directory;

  private Settings load(String toml) throws Exception {
    Files.writeString(directory.resolve(Settings.FILE), toml);
    return Settings.load(directory);
  }

  @Test
  void noFile_givesTheDefaults() throws Exception {
    NodeConfig config = Settings.load(directory).build();
    assertThat(config.apiAddress().getPort()).isEqualTo(4304);
    assertThat(config.apiAddress().getAddress().isLoopbackAddress()).isTrue();
    assertThat(config.listen()).hasToString("[/ip4/0.0.0.0/tcp/4301]");
    assertThat(config.mdns()).isTrue();
    assertThat(config.limits()).isEqualTo(new Limits(2, 1, 16));
    assertThat(config.engines().llamaModels()).contains(directory.resolve("models"));
    assertThat(config.name()).isNotBlank();
    assertThat(config.transfers()).isEqualTo(TransferRules.DEFAULT);
    assertThat(config.ollamaStore()).isEmpty();
  }

  @Test
  void transfers_areWhatTheOwnerSays() throws Exception {
    NodeConfig config =
        load("""
                [owner]
                share-models = false
                allow-pull = true
                [transfer]
                bytes-per-second = 4294967296
                [ollama]
                models = "store"
                """)
            .build();
    assertThat(config.transfers()).isEqualTo(new TransferRules(false, true, 1L << 32));
    assertThat(config.ollamaStore()).contains(directory.resolve("store"));
  }

  @Test
  void file_setsWhatItSays_andAFlagOverridesIt() throws Exception {
    Settings settings =
        load(
            """
            name = "box"
            [api]
            address = "127.0.0.1:5000"
            [mesh]
            listen = ["/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"]
            peers = ["/ip4/10.0.0.5/tcp/4301/p2p/%s"]
            mdns = false
            [worker]
            slots = 0
            first-token-seconds = 7
            [ollama]
            address = "0.0.0.0:9999"
            [llama]
            enabled = false
            [log]
            level = "debug"
            """
                .formatted(PEER));
    settings.set(Setting.NAME, "laptop", "--name");
    NodeConfig config = settings.build();
    assertThat(config.name()).isEqualTo("laptop");
    assertThat(config.apiAddress().getPort()).isEqualTo(5000);
    assertThat(config.listen()).hasSize(2);
    assertThat(config.peers()).hasSize(1);
    assertThat(config.mdns()).isFalse();
    assertThat(config.limits().slots()).isZero();
    assertThat(config.firstChunkMax()).isEqualTo(Duration.ofSeconds(7));
    assertThat(config.engines().ollama().orElseThrow()).hasToString("http://127.0.0.1:9999");
    assertThat(config.engines().llamaModels()).isEmpty();
    assertThat(settings.logLevel()).isEqualTo("debug");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nmae = 'x' | line 1: unknown key \"nmae\" (did you mean \"name\"?)",
        "[api]\\naddres = '127.0.0.1:1' | line 2: unknown key \"api.addres\" (did you mean \"api.address\"?)",
        "[worker]\\nslots = 'two' | line 2: worker.slots has to be a whole number",
        "[worker]\\nslots = 65 | line 2: worker.slots takes 0 to 64 tasks at once, not \"65\"",
        "[worker]\\nslots = 1.5 | line 2: worker.slots has to be a whole number",
        "[mesh]\\nmdns = 'yes' | line 2: mesh.mdns has to be true or false",
        "[mesh]\\nlisten = '/ip4/0.0.0.0/tcp/1' | line 2: mesh.listen has to be a list of texts",
        "[mesh]\\nlisten = ['0.0.0.0:1'] | line 2: mesh.listen takes libp2p addresses",
        "[mesh]\\npeers = ['/ip4/10.0.0.5/tcp/4301'] | line 2: mesh.peers takes libp2p addresses ending in a peer id",
        "[api]\\naddress = 'nowhere' | line 2: api.address takes host:port",
        "[api]\\naddress = '127.0.0.1:70000' | line 2: api.address takes host:port",
        "name = '' | line 1: name takes 1 to 64 printable characters",
        "[log]\\nlevel = 'loud' | line 2: log.level takes",
        "[owner]\\nlabels = ['maybe x'] | line 2: owner.labels takes rules like",
        "[api]\\nlabels = ['Team A'] | line 2: api.labels takes labels like",
        "[owner]\\nshare-models = 'no' | line 2: owner.share-models has to be true or false",
        "[transfer]\\nbytes-per-second = 65535 | line 2: transfer.bytes-per-second takes 0 for no limit, or 65536",
        "[transfer]\\nbytes-per-second = -1 | line 2: transfer.bytes-per-second takes 0 for no limit",
        "name = | line 1",
        "[ollama]\\naddress = 'ftp://x' | line 2: ollama.address takes host:port",
      })
  void mistake_isNamedWithItsLineAndRemedy(String toml, String message) {
    assertThatThrownBy(() -> load(toml.strip().replace("\\n", "\n")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(Settings.FILE)
        .hasMessageContaining(message.strip());
  }

  @Test
  void shortApiKey_isRefusedWithoutBeingShown() {
    assertThatThrownBy(() -> load("[api]\nkey = 'hunter2'"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("api.key takes at least 16 characters")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void openAddress_needsAKey() throws Exception {
    Settings open = load("[api]\naddress = '0.0.0.0:4304'");
    assertThatThrownBy(open::build)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("needs a key");
    open.set(Setting.API_KEY, "0123456789abcdef", "test");
    assertThat(open.build().apiKey()).isPresent();
    assertThat(open.build().toString()).doesNotContain("0123456789abcdef");
  }

  @Test
  void everySetting_isKnownByItsKey() {
    for (Setting each : Setting.values()) {
      assertThat(Setting.ofKey(each.key())).contains(each);
      assertThat(each.expected()).isNotBlank();
    }
    assertThat(List.of(Setting.values())).hasSizeGreaterThan(10);
  }
}
