package dev.waggle.worker.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.OfferReply.Reason;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelRule;
import dev.waggle.worker.owner.MachineState.Heat;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OwnerGateTest {
  private static final Requirements TASK = new Requirements("qwen3:8b");
  private static final PeerId ANNA = Identity.ofSeed(new byte[32]).peerId();
  // A Wednesday.
  private static final Instant NOON = Instant.parse("2026-11-18T12:00:00Z");

  private static OwnerGate gate(OwnerRules rules) {
    return new OwnerGate(rules, ZoneOffset.UTC);
  }

  private static OwnerGate.Asking asking(int here, Duration expected) {
    return new OwnerGate.Asking(ANNA, "anna", here, TASK, 0, Optional.of(expected));
  }

  private static MachineState machine(OptionalInt battery, boolean onMains, int cpu, Heat heat) {
    return new MachineState(battery, onMains, cpu, 4_096, heat);
  }

  private static String reason(OwnerGate gate, OwnerGate.Asking asking, MachineState state) {
    return gate.check(asking, state, NOON).map(each -> each.reason().name()).orElse("none");
  }

  // The whole power policy.
  @ParameterizedTest
  @CsvSource({
    "server, -1, true, 20, NORMAL, 60, none",
    "server busy, -1, true, 85, NORMAL, 60, none",
    "server too busy, -1, true, 86, NORMAL, 60, DEFERRED",
    "server hot, -1, true, 20, SERIOUS, 1, OWNER",
    "laptop hot, 100, true, 20, CRITICAL, 1, OWNER",
    "mains and empty, 3, true, 20, NORMAL, 60, none",
    "battery empty, 14, false, 20, NORMAL, 1, OWNER",
    "battery low and short, 15, false, 20, NORMAL, 10, none",
    "battery low and long, 15, false, 20, NORMAL, 11, OWNER",
    "battery half and long, 40, false, 20, NORMAL, 11, OWNER",
    "battery good, 41, false, 20, NORMAL, 60, none",
    "battery good and busy, 80, false, 99, NORMAL, 60, DEFERRED"
  })
  void power_decides(
      String name, int battery, boolean mains, int cpu, Heat heat, int seconds, String expected) {
    OptionalInt charge = battery < 0 ? OptionalInt.empty() : OptionalInt.of(battery);
    assertThat(
            reason(
                gate(OwnerRules.DEFAULT),
                asking(0, Duration.ofSeconds(seconds)),
                machine(charge, mains, cpu, heat)))
        .as(name)
        .isEqualTo(expected);
    OwnerRules careless = new OwnerRules(List.of(), Set.of(), false, 85, 0, 0, 0, 0, List.of());
    assertThat(
            reason(
                gate(careless),
                asking(0, Duration.ofSeconds(seconds)),
                machine(charge, mains, cpu, heat)))
        .isEqualTo("none");
  }

  @Test
  void taskOfUnknownLength_isNoShortOne() {
    MachineState low = machine(OptionalInt.of(30), false, 1, Heat.NORMAL);
    OwnerGate.Asking unknown = new OwnerGate.Asking(ANNA, "anna", 0, TASK, 0, Optional.empty());
    assertThat(reason(gate(OwnerRules.DEFAULT), unknown, low)).isEqualTo("OWNER");
  }

  @Test
  void busyProcessor_defersByFiveSeconds() {
    MachineState busy = machine(OptionalInt.empty(), true, 90, Heat.NORMAL);
    assertThat(
            gate(OwnerRules.DEFAULT)
                .check(asking(0, Duration.ofSeconds(1)), busy, NOON)
                .orElseThrow()
                .retryAfter())
        .isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void pause_holdsUntilItsEnd() {
    OwnerGate gate = gate(OwnerRules.DEFAULT);
    gate.pause(NOON.plusSeconds(60));
    assertThat(gate.closed(MachineState.UNKNOWN, NOON)).isPresent();
    assertThat(gate.pausedUntil(NOON)).contains(NOON.plusSeconds(60));
    assertThat(gate.closed(MachineState.UNKNOWN, NOON.plusSeconds(60))).isEmpty();
    assertThat(gate.pausedUntil(NOON.plusSeconds(60))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"anna", ""})
  void blockedMember_isRefused_byNameOrPeerId(String name) {
    String entry = name.isEmpty() ? ANNA.toString() : name;
    OwnerRules rules = new OwnerRules(List.of(), Set.of(entry), true, 85, 0, 0, 0, 0, List.of());
    assertThat(reason(gate(rules), asking(0, Duration.ZERO), MachineState.UNKNOWN))
        .isEqualTo(Reason.NOT_PERMITTED.name());
    OwnerGate.Asking other =
        new OwnerGate.Asking(
            Identity.ofSeed(
                    new byte[] {
                      1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                      0, 0, 0, 0, 0, 0
                    })
                .peerId(),
            "ben",
            0,
            TASK,
            0,
            Optional.empty());
    assertThat(reason(gate(rules), other, MachineState.UNKNOWN)).isEqualTo("none");
  }

  @Test
  void ruleAboutLabels_holdsForItsModel() {
    LabelRule rule = LabelRule.parse("qwen3:8b only team-a");
    OwnerGate gate = gate(new OwnerRules(List.of(), Set.of(), true, 85, 0, 0, 0, 0, List.of(rule)));
    assertThat(reason(gate, asking(0, Duration.ZERO), MachineState.UNKNOWN))
        .isEqualTo(Reason.LABELS.name());
    Requirements labelled = new Requirements("qwen3:8b", Set.of(new Label("team-a")));
    for (Requirements allowed : List.of(labelled, new Requirements("llama3:8b"))) {
      OwnerGate.Asking asking = new OwnerGate.Asking(ANNA, "anna", 0, allowed, 0, Optional.empty());
      assertThat(reason(gate, asking, MachineState.UNKNOWN)).isEqualTo("none");
    }
  }

  @Test
  void quotas_countTasksAtOnceAndPerHour() {
    OwnerGate gate = gate(new OwnerRules(List.of(), Set.of(), true, 85, 0, 2, 3, 0, List.of()));
    assertThat(reason(gate, asking(2, Duration.ZERO), MachineState.UNKNOWN)).isEqualTo("QUOTA");
    for (int i = 0; i < 3; i++) {
      assertThat(reason(gate, asking(0, Duration.ZERO), MachineState.UNKNOWN)).isEqualTo("none");
      gate.onTaken(ANNA, NOON.minusSeconds(60L * i));
    }
    assertThat(reason(gate, asking(0, Duration.ZERO), MachineState.UNKNOWN)).isEqualTo("QUOTA");
    assertThat(
            gate.check(
                asking(0, Duration.ZERO), MachineState.UNKNOWN, NOON.plus(Duration.ofHours(1))))
        .isEmpty();
  }

  @Test
  void creditLimit_refusesWhoOwesAsMuch() {
    OwnerGate gate = gate(new OwnerRules(List.of(), Set.of(), true, 85, 0, 0, 0, 50, List.of()));
    for (double owed : new double[] {-10, 0, 49.9}) {
      OwnerGate.Asking asking = new OwnerGate.Asking(ANNA, "anna", 0, TASK, owed, Optional.empty());
      assertThat(reason(gate, asking, MachineState.UNKNOWN)).isEqualTo("none");
    }
    OwnerGate.Asking asking = new OwnerGate.Asking(ANNA, "anna", 0, TASK, 50, Optional.empty());
    assertThat(reason(gate, asking, MachineState.UNKNOWN)).isEqualTo("QUOTA");
  }

  @Test
  void littleMemory_defers() {
    OwnerGate gate = gate(new OwnerRules(List.of(), Set.of(), true, 85, 8_192, 0, 0, 0, List.of()));
    assertThat(
            reason(
                gate, asking(0, Duration.ZERO), machine(OptionalInt.empty(), true, 1, Heat.NORMAL)))
        .isEqualTo("DEFERRED");
  }

  @ParameterizedTest
  @CsvSource({
    "mon-fri 18:00-08:00, 2026-11-18T12:00, false",
    "mon-fri 18:00-08:00, 2026-11-18T18:00, true",
    "mon-fri 18:00-08:00, 2026-11-21T07:59, true",
    "mon-fri 18:00-08:00, 2026-11-21T08:00, false",
    "mon-fri 18:00-08:00, 2026-11-22T20:00, false",
    "mon-fri 18:00-08:00, 2026-11-23T07:00, false",
    "sat-mon 00:00-24:00, 2026-11-22T23:59, true",
    "sat-mon 00:00-24:00, 2026-11-24T00:00, false",
    "22:00-06:00, 2026-11-18T05:59, true",
    "wed 09:00-17:00, 2026-11-18T09:00, true",
    "wed 09:00-17:00, 2026-11-18T17:00, false"
  })
  void hours_include(String hours, String moment, boolean expected) {
    Hours parsed = Hours.parse(hours);
    assertThat(parsed.include(LocalDateTime.parse(moment))).isEqualTo(expected);
    OwnerGate gate =
        gate(new OwnerRules(List.of(parsed), Set.of(), true, 85, 0, 0, 0, 0, List.of()));
    assertThat(
            gate.closed(MachineState.UNKNOWN, LocalDateTime.parse(moment).toInstant(ZoneOffset.UTC))
                .isEmpty())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "always", "mon 9-17", "foo 09:00-17:00", "25:00-26:00", "09:00"})
  void wrongHours_areRefusedWithAnExample(String text) {
    assertThatThrownBy(() -> Hours.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mon-fri 18:00-08:00");
  }

  @Test
  void thisMachine_saysHowItIs() {
    Machine machine = new Machine();
    MachineState state = machine.read();
    assertThat(state.cpuPercent()).isBetween(0, 100);
    assertThat(state.freeMemoryMb()).isPositive();
  }
}
