package dev.waggle.mesh.swarm.label;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LabelTest {
  private static Set<Label> labels(String words) {
    return Arrays.stream(words.split(" ", -1))
        .filter(each -> !each.isEmpty())
        .map(Label::new)
        .collect(Collectors.toSet());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Team-A", "team a", "a:b:c", ":a", "a:", "-a", "a\n", "ä"})
  void otherTexts_areNoLabels(String text) {
    assertThatThrownBy(() -> new Label(text)).hasMessageContaining("small letters");
    assertThatThrownBy(() -> Label.all(List.of(text), 1)).hasMessageContaining("is no label");
  }

  @Test
  void labels_areBounded() {
    assertThat(new Label("a".repeat(Label.CHARACTERS_MAX)).isGranted()).isTrue();
    assertThat(Label.isLabel("a".repeat(Label.CHARACTERS_MAX + 1))).isFalse();
    assertThatThrownBy(() -> Label.all(List.of("a", "b"), 1)).hasMessageContaining("at most 1");
    assertThat(Label.all(List.of("a", "a"), 1)).containsExactly(new Label("a"));
  }

  @ParameterizedTest
  @CsvSource({
    "'', '', '', false, ''",
    "team-a, team-a, team-a, false, ''",
    "team-a, team-a, team-b, true, team-a",
    "lan-only, '', '', true, ''",
    "lan-only, '', '', false, lan-only",
    "owner:self, owner:anna, owner:anna team-a, false, ''",
    "owner:self, owner:anna, owner:ben, true, owner:self",
    "owner:self, '', '', true, owner:self",
    "owner:ben, owner:ben, owner:anna, true, owner:ben",
    "repo:acme, '', '', false, ''"
  })
  void request_goesWhereItsLabelsAllow(
      String request, String requester, String worker, boolean onLan, String obstacle) {
    Holder asking = new Holder(labels(requester));
    assertThat(asking.obstacle(labels(request), new Holder(labels(worker)), onLan).orElse(""))
        .contains(obstacle)
        .matches(text -> text.isEmpty() == obstacle.isEmpty());
  }

  @Test
  void grantedLabels_haveToBeHeld_byTheRequesterToo() {
    Holder holder = new Holder(labels("team-a owner:anna"));
    assertThat(holder.missing(labels("team-a lan-only owner:self owner:anna repo:x"))).isEmpty();
    assertThat(holder.missing(labels("team-a team-b"))).contains(new Label("team-b"));
    assertThat(holder.missing(labels("owner:ben"))).contains(new Label("owner:ben"));
  }

  @ParameterizedTest
  @CsvSource({
    "only team-a, team-a, m, true",
    "only team-a, team-b, m, false",
    "only team-a team-b, team-b repo:x, m, true",
    "only team-a, '', m, false",
    "never repo:acme/*, repo:acme/shop, m, false",
    "never repo:acme/*, repo:acmes, m, true",
    "never *, team-a, m, false",
    "never *, '', m, true",
    "qwen3:70b only team-a, '', qwen3:8b, true",
    "qwen3:70b only team-a, '', qwen3:70b, false"
  })
  void rule_allowsWhatItSays(String rule, String request, String model, boolean allowed) {
    LabelRule parsed = LabelRule.parse(rule);
    assertThat(parsed).hasToString(rule);
    assertThat(LabelRule.broken(List.of(parsed), labels(request), model).isEmpty())
        .isEqualTo(allowed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "only", "m only", "sometimes team-a", "only Team", "m n only a", "never a*b"})
  void otherTexts_areNoRules(String text) {
    assertThatThrownBy(() -> LabelRule.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("like \"only team-a\"");
  }
}
