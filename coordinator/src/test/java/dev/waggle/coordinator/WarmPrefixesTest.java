package dev.waggle.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WarmPrefixesTest {
  private static final PeerId ANNA = Identity.ofSeed(new byte[Identity.SEED_BYTES]).peerId();
  private static final String LONG = "x".repeat(1_000);

  private static TaskSpec.Chat chat(String... said) {
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < said.length; i++) {
      messages.add(
          new ChatMessage(
              i % 2 == 0 ? ChatMessage.Role.USER : ChatMessage.Role.ASSISTANT, said[i]));
    }
    return new TaskSpec.Chat("m", messages, Sampling.DEFAULT);
  }

  @Test
  void nextTurn_findsAllOfTheTurnBefore_withItsAnswer() {
    WarmPrefixes prefixes = new WarmPrefixes(Clock.systemUTC());
    prefixes.onRead(ANNA, "d", PromptChain.of(chat("first " + LONG), "answer " + LONG));
    PromptChain next = PromptChain.of(chat("first " + LONG, "answer " + LONG, "second"), "");
    assertThat(prefixes.warmBytes(ANNA, "d", next)).isGreaterThan(1_900);
    assertThat(prefixes.warmBytes(ANNA, "other", next)).isZero();
    PromptChain elsewhere = PromptChain.of(chat("another " + LONG), "");
    assertThat(prefixes.warmBytes(ANNA, "d", elsewhere)).isZero();
  }

  @Test
  void changedBeginning_isCold_howeverMuchIsTheSameAfterIt() {
    PromptChain one = PromptChain.of(chat("a" + LONG), "");
    PromptChain other = PromptChain.of(chat("b" + LONG), "");
    assertThat(one.commonBytes(other)).isZero();
    assertThat(one.commonBytes(one)).isEqualTo(7L * PromptChain.BLOCK_BYTES);
  }

  @Test
  void longerTurn_takesThePlaceOfTheShorter_soThatOthersStay() {
    WarmPrefixes prefixes = new WarmPrefixes(Clock.systemUTC());
    PromptChain other = PromptChain.of(chat("other " + LONG), "");
    prefixes.onRead(ANNA, "d", other);
    for (int i = 1; i <= 20; i++) {
      prefixes.onRead(ANNA, "d", PromptChain.of(chat(LONG.repeat(i)), ""));
    }
    assertThat(prefixes.warmBytes(ANNA, "d", other))
        .as("it may still be there")
        .isEqualTo(other.bytes() / 4);
    assertThat(prefixes.forgottenBytes(ANNA, "d", other)).isGreaterThan(19_000);
    assertThat(prefixes.forgottenBytes(ANNA, "d", PromptChain.of(chat(LONG.repeat(20)), "")))
        .isZero();
  }

  @Test
  void chain_isBounded() {
    PromptChain chain = PromptChain.of(chat("x".repeat(1 << 20)), "");
    assertThat(chain.hashes()).hasSize(PromptChain.BLOCKS_MAX);
  }
}
