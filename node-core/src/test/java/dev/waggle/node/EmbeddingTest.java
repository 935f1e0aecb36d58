package dev.waggle.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.coordinator.Placement;
import dev.waggle.coordinator.TaskFailure;
import dev.waggle.coordinator.TaskListener;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.node.config.ConfigException;
import dev.waggle.node.config.Setting;
import dev.waggle.worker.fake.FakeOllama;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Nodes as a library: two in one process, as README shows. */
@Timeout(60)
class EmbeddingTest {
  private @TempDir Path directory;

  private Builder node(String name) {
    return Node.builder()
        .with(Setting.SANDBOX_MODE, "off")
        .dataDirectory(directory.resolve(name))
        .name(name)
        .api("127.0.0.1:0")
        .listen("/ip4/127.0.0.1/tcp/0")
        .mdns(false)
        .with(Setting.LLAMA, false)
        .with(Setting.OWNER_POWER, false);
  }

  /** Gathers an answer. */
  private static final class Gathering implements TaskListener {
    final StringBuilder text = new StringBuilder();
    final CompletableFuture<TaskSummary> done = new CompletableFuture<>();

    @Override
    public void onStarted(Placement placement) {
      // The summary names it again.
    }

    @Override
    public CompletableFuture<Void> onChunk(Chunk chunk) {
      if (chunk instanceof Chunk.Text piece) {
        text.append(piece.text());
      }
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onDone(TaskSummary summary) {
      done.complete(summary);
    }

    @Override
    public void onFailed(TaskFailure failure) {
      done.completeExceptionally(new AssertionError(failure.message()));
    }
  }

  @Test
  void embeddedNodes_joinAndAnswerEachOther() throws Exception {
    try (FakeOllama ollama = new FakeOllama();
        Node working = node("working").ollama(ollama.address()).start();
        Node asking = node("asking").slots(0).with(Setting.OLLAMA, false).start()) {
      Invite invite = Invite.parse(working.invite(InviteTerms.MEMBER, Duration.ofHours(1)).token());
      asking.join(invite).get(20, TimeUnit.SECONDS);
      await()
          .until(
              () ->
                  asking.swarm().peers().peers().stream()
                      .flatMap(peer -> peer.capability().stream())
                      .anyMatch(capability -> !capability.models().isEmpty()));
      Gathering answer = new Gathering();
      asking
          .tasks()
          .submit(
              new TaskSpec.Chat(
                  FakeOllama.MODEL,
                  List.of(new ChatMessage(ChatMessage.Role.USER, "Count.")),
                  Sampling.DEFAULT),
              answer);
      TaskSummary summary = answer.done.get(20, TimeUnit.SECONDS);
      assertThat(answer.text).hasToString(String.join("", FakeOllama.ANSWER));
      assertThat(summary.placement().worker()).isEqualTo(working.peerId());
      assertThat(asking.ledger().verify((checked, total) -> {}).valid()).isTrue();
    }
  }

  @Test
  void restartedNode_isTheSame_inTheSameSwarm() throws Exception {
    String peerId;
    String swarm;
    try (Node first = node("node").with(Setting.OLLAMA, false).start()) {
      peerId = first.peerId().toString();
      swarm = first.swarm().membership().swarm().toString();
    }
    try (Node again = node("node").with(Setting.OLLAMA, false).start()) {
      assertThat(again.peerId()).hasToString(peerId);
      assertThat(again.swarm().membership().swarm()).hasToString(swarm);
    }
  }

  @Test
  void mistakes_areTold() throws Exception {
    assertThatThrownBy(() -> Node.builder().start())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dataDirectory");
    assertThatThrownBy(() -> node("x").slots(1_000).start())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("worker.slots");
    try (Node running = node("taken").with(Setting.OLLAMA, false).start()) {
      assertThatThrownBy(() -> node("taken").start())
          .isInstanceOf(NodeException.class)
          .hasMessageContaining("in use");
      assertThatThrownBy(() -> node("other").api(running.self().api()).start())
          .isInstanceOf(NodeException.class)
          .hasMessageContaining(running.self().api());
    }
  }
}
