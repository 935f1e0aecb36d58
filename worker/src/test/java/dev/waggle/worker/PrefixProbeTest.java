package dev.waggle.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.worker.engine.Patience;
import dev.waggle.worker.engine.ollama.OllamaEngine;
import dev.waggle.worker.fake.FakeOllama;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PrefixProbeTest {
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
  private FakeOllama ollama;
  private OllamaEngine engine;

  @BeforeEach
  void start() throws Exception {
    ollama = new FakeOllama();
    Patience patience = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(20));
    engine = new OllamaEngine(ollama.address(), 8_192, patience, timer);
  }

  @AfterEach
  void stop() {
    ollama.close();
    timer.shutdownNow();
  }

  private ModelOffer offer(String name) throws Exception {
    return engine.models().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void engineThatGoesOn_passes_andOneThatBeginsAnewDoesNot() throws Exception {
    assertThat(new PrefixProbe(engine, offer(FakeOllama.MODEL)).passes()).isTrue();
    ollama.forgetPrefixes();
    assertThat(new PrefixProbe(engine, offer(FakeOllama.MODEL)).passes()).isFalse();
  }

  @Test
  void thinkerThatDoesNotGoOnThinking_doesNotPass() throws Exception {
    assertThat(new PrefixProbe(engine, offer(FakeOllama.THINKER)).passes()).isFalse();
  }

  @Test
  void canceledProbe_saysNothing() throws Exception {
    PrefixProbe probe = new PrefixProbe(engine, offer(FakeOllama.MODEL));
    probe.cancel();
    assertThatThrownBy(probe::passes).isInstanceOf(InterruptedException.class);
  }

  @Test
  void prober_probesEachModelOnce_loadedFirst_andOnlyWhenIdle() throws Exception {
    Map<String, Boolean> memory = new HashMap<>();
    List<String> order = new ArrayList<>();
    ProbeMemory remembering =
        new ProbeMemory() {
          @Override
          public Optional<Boolean> resumable(String name, String digest) {
            return Optional.ofNullable(memory.get(digest));
          }

          @Override
          public void remember(String name, String digest, boolean resumable) {
            memory.put(digest, resumable);
            order.add(digest);
          }
        };
    List<Catalog.Entry> models =
        engine.models().stream().map(each -> new Catalog.Entry(each, engine)).toList();
    assertThat(new Prober(remembering, () -> false).round(models)).isFalse();
    assertThat(memory).isEmpty();
    Prober prober = new Prober(remembering, () -> true);
    assertThat(prober.isResumable(offer(FakeOllama.MODEL))).isFalse();
    while (prober.round(models)) {
      // One model each time.
    }
    assertThat(order).hasSize(4).doesNotHaveDuplicates();
    assertThat(order.get(0)).isEqualTo("sha256:" + FakeOllama.digest(FakeOllama.MODEL));
    assertThat(prober.isResumable(offer(FakeOllama.MODEL))).isTrue();
    assertThat(prober.isResumable(offer(FakeOllama.THINKER))).isFalse();
  }
}
