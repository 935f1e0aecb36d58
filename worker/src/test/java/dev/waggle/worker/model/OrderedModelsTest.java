package dev.waggle.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.pull.PullReport;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.ModelLibrary;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OrderedModelsTest {
  private static final PeerId MEMBER = Identity.generate(new SecureRandom()).peerId();
  private static final long PART = 5_000;

  private final List<String> pulled = new ArrayList<>();
  private final List<PullReport.Progress> steps = new ArrayList<>();
  private long free = Long.MAX_VALUE / 2;

  private final ModelLibrary library =
      new ModelLibrary() {
        @Override
        public void pull(String model, Steps hearing) throws EngineException, InterruptedException {
          hearing.at(new Step("pulling manifest", "", 0, 0));
          hearing.at(new Step("pulling", "sha256:01", 0, PART));
          hearing.at(new Step("pulling", "sha256:01", PART + 1, PART));
          pulled.add(model);
        }

        @Override
        public boolean staysHere(String model) {
          return true;
        }

        @Override
        public void delete(String model) {
          throw new AssertionError("nothing is to be deleted");
        }
      };

  private OrderedModels models() {
    return new OrderedModels(
        member -> member.equals(MEMBER),
        () -> Optional.of(library),
        Optional.of(Path.of("store")),
        folder -> free,
        () -> {});
  }

  @Test
  void steps_arePassedOn_neverMoreThanAll() throws Exception {
    assertThat(models().pull("m:1b", steps::add)).isEqualTo(new PullReport.Done());
    assertThat(steps)
        .containsExactly(
            new PullReport.Progress(0, 0),
            new PullReport.Progress(0, PART),
            new PullReport.Progress(PART, PART));
  }

  @Test
  void partThatDoesNotFit_endsThePull() throws Exception {
    PullReport noRoom = new PullReport.Refused(PullReport.Reason.NO_ROOM);
    free = ModelFetch.RESERVE_BYTES + PART - 1;
    assertThat(models().pull("m:1b", steps::add)).isEqualTo(noRoom);
    assertThat(steps).as("its size was not known before").hasSize(1);
    free = ModelFetch.RESERVE_BYTES - 1;
    assertThat(models().pull("m:1b", steps::add)).isEqualTo(noRoom);
    assertThat(pulled).isEmpty();
  }

  @Test
  void whoOrderedGoesAway_endsThePull() {
    assertThatThrownBy(
            () ->
                models()
                    .pull(
                        "m:1b",
                        step -> {
                          throw new InterruptedException("gone");
                        }))
        .isInstanceOf(InterruptedException.class)
        .hasMessage("gone");
  }

  @ParameterizedTest
  @CsvSource({
    "qwen3:8b,",
    "user/own,",
    "hf.co/some/model:q4,NAME",
    "localhost:9000/a/b:1,NAME",
    "../../etc,NAME",
    "http://x/y,NAME",
    "gpt:120b-cloud,LEAVES",
    "deep:cloud,LEAVES",
  })
  void onlyNamesOfTheUsualRegistry_mayBeOrdered(String model, PullReport.Reason reason) {
    assertThat(models().refusal(MEMBER, model)).isEqualTo(Optional.ofNullable(reason));
  }

  @Test
  void memberWhomTheOwnerDoesNotLet_andNodeWithoutLibrary_areRefused() {
    PeerId other = Identity.generate(new SecureRandom()).peerId();
    assertThat(models().refusal(other, "m:1b")).contains(PullReport.Reason.NOT_ALLOWED);
    OrderedModels without =
        new OrderedModels(member -> true, Optional::empty, Optional.empty(), folder -> 0, () -> {});
    assertThat(without.refusal(other, "m:1b")).contains(PullReport.Reason.NO_ENGINE);
  }
}
