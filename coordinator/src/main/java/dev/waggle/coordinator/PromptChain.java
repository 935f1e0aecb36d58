package dev.waggle.coordinator;

import dev.waggle.crypto.Sha256;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Tool;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * A prompt as a chain of hashes, one for each block of it and all before: two prompts begin alike
 * for as long as their chains do.
 *
 * @param hashes at most {@value #BLOCKS_MAX}
 */
record PromptChain(List<Long> hashes) {
  /** How much a block holds, in bytes: some thirty tokens. */
  static final int BLOCK_BYTES = 128;

  /** The longest chain; what comes after is not compared. */
  static final int BLOCKS_MAX = 4_096;

  PromptChain {
    hashes = List.copyOf(hashes);
  }

  /** The chain of what a model reads of a task, and of its answer. */
  static PromptChain of(TaskSpec task, String answer) {
    Builder chain = new Builder();
    if (task instanceof TaskSpec.Chat chat) {
      for (Tool tool : chat.options().tools()) {
        chain.add(tool.name()).add(tool.description()).add(tool.parameters());
      }
      chat.messages().forEach(chain::add);
      if (!answer.isEmpty()) {
        chain.add(new ChatMessage(ChatMessage.Role.ASSISTANT, answer));
      }
    } else if (task instanceof TaskSpec.Completion completion) {
      chain.add(completion.prompt());
    }
    return new PromptChain(chain.hashes);
  }

  /** How much it covers, in bytes. */
  long bytes() {
    return (long) hashes.size() * BLOCK_BYTES;
  }

  /** How many bytes this and another have in common at their beginning. */
  long commonBytes(PromptChain other) {
    int common = 0;
    int most = Math.min(hashes.size(), other.hashes.size());
    while (common < most && hashes.get(common).equals(other.hashes.get(common))) {
      common++;
    }
    return (long) common * BLOCK_BYTES;
  }

  private static final class Builder {
    private final MessageDigest digest = Sha256.begin();
    private final byte[] block = new byte[BLOCK_BYTES];
    private final List<Long> hashes = new ArrayList<>();
    private int filled;

    void add(ChatMessage message) {
      add(message.role().name()).add(message.content()).add(message.tool());
      message.toolCalls().forEach(call -> add(call.name()).add(call.arguments()));
      message.images().forEach(this::add);
    }

    Builder add(String text) {
      for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
        add(each);
      }
      add((byte) 0);
      return this;
    }

    private void add(byte next) {
      if (hashes.size() == BLOCKS_MAX) {
        return;
      }
      block[filled++] = next;
      if (filled == BLOCK_BYTES) {
        digest.update(block);
        byte[] hash = digest.digest();
        hashes.add(ByteBuffer.wrap(hash).getLong());
        digest.update(hash);
        filled = 0;
      }
    }
  }
}
