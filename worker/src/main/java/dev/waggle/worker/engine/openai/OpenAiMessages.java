package dev.waggle.worker.engine.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.Queue;

/**
 * The turns of one chat as OpenAI's API wants them. It wants an id for each call of a tool; where
 * the requester gave none, because Ollama's API needs none, one is made, and the tools' answers are
 * taken to come in the order of the calls.
 */
final class OpenAiMessages {
  private final ArrayNode messages;
  private final Queue<String> unanswered = new ArrayDeque<>();

  /**
   * @param messages where they are put
   */
  OpenAiMessages(ArrayNode messages) {
    this.messages = messages;
  }

  void add(ChatMessage message) {
    int turn = messages.size();
    ObjectNode to = messages.addObject().put("role", role(message));
    if (message.images().isEmpty()) {
      to.put("content", message.content());
    } else {
      ArrayNode parts = to.putArray("content");
      parts.addObject().put("type", "text").put("text", message.content());
      for (String image : message.images()) {
        parts
            .addObject()
            .put("type", "image_url")
            .putObject("image_url")
            .put("url", "data:image/png;base64," + image);
      }
    }
    if (!message.toolCalls().isEmpty()) {
      ArrayNode calls = to.putArray("tool_calls");
      for (ToolCall call : message.toolCalls()) {
        add(calls.addObject(), call, "call_" + turn + "_" + calls.size());
      }
    }
    if (message.role() == ChatMessage.Role.TOOL) {
      to.put("tool_call_id", answered(message));
    }
  }

  private static String role(ChatMessage message) {
    return message.role().name().toLowerCase(Locale.ROOT);
  }

  private void add(ObjectNode to, ToolCall call, String otherwise) {
    String id = call.id().isEmpty() ? otherwise : call.id();
    unanswered.add(id);
    to.put("id", id)
        .put("type", "function")
        .putObject("function")
        .put("name", call.name())
        .put("arguments", call.arguments().isEmpty() ? "{}" : call.arguments());
  }

  private String answered(ChatMessage message) {
    if (!message.toolCallId().isEmpty()) {
      unanswered.remove(message.toolCallId());
      return message.toolCallId();
    }
    String oldest = unanswered.poll();
    return oldest == null ? "" : oldest;
  }
}
