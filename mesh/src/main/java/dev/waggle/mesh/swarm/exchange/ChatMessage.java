package dev.waggle.mesh.swarm.exchange;

import java.util.List;

/**
 * One turn of a conversation.
 *
 * @param thinking an assistant's reasoning before what it says; may be empty
 * @param images what the speaker shows, each in base64, at most {@value #IMAGES_MAX}
 * @param toolCalls what an assistant calls
 * @param tool of a tool's answer: the tool's name; may be empty
 * @param toolCallId of a tool's answer: the call that it answers; may be empty
 */
public record ChatMessage(
    Role role,
    String content,
    String thinking,
    List<String> images,
    List<ToolCall> toolCalls,
    String tool,
    String toolCallId) {
  /** The most images of one turn. */
  public static final int IMAGES_MAX = 32;

  /** Who speaks. */
  public enum Role {
    SYSTEM,
    USER,
    ASSISTANT,
    TOOL
  }

  public ChatMessage {
    images = List.copyOf(images);
    toolCalls = List.copyOf(toolCalls);
    if (images.size() > IMAGES_MAX) {
      throw new IllegalArgumentException("at most " + IMAGES_MAX + " images in one message");
    }
    if (toolCalls.size() > ToolCall.CALLS_MAX) {
      throw new IllegalArgumentException(
          "at most " + ToolCall.CALLS_MAX + " tool calls in one message");
    }
  }

  /** A turn of words only. */
  public ChatMessage(Role role, String content) {
    this(role, content, "", List.of(), List.of(), "", "");
  }

  /** How long what a model reads of it is in UTF-8, images as they are given. */
  public long bytes() {
    long bytes = Utf8.length(content) + Utf8.length(thinking) + Utf8.length(tool);
    for (ToolCall call : toolCalls) {
      bytes += Utf8.length(call.name()) + Utf8.length(call.arguments());
    }
    for (String image : images) {
      bytes += image.length();
    }
    return bytes;
  }
}
