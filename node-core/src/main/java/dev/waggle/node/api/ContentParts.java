package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * What somebody says in a message: text, and images in base64.
 *
 * <p>Images are taken only as they are: a node that fetched addresses for its clients could be sent
 * anywhere.
 */
record ContentParts(String text, List<String> images) {
  private static final String DATA = "data:";
  private static final String BASE64 = ";base64,";

  /** Reads content that is a text, parts, or nothing. */
  static ContentParts of(JsonNode content, String where) {
    if (content.isMissingNode() || content.isNull()) {
      return new ContentParts("", List.of());
    }
    if (content.isTextual()) {
      return new ContentParts(content.textValue(), List.of());
    }
    if (!content.isArray()) {
      throw JsonFields.wrong(where, "has to be a text or an array of parts");
    }
    StringBuilder text = new StringBuilder();
    List<String> images = new ArrayList<>();
    for (JsonNode part : content) {
      JsonFields fields = new JsonFields(part, where);
      switch (fields.text("type")) {
        case "text", "input_text", "output_text", "refusal" ->
            text.append(fields.text("text", fields.text("refusal", "")));
        case "image_url" -> images.add(image(fields.object("image_url").text("url"), where));
        case "input_image" -> images.add(image(fields.text("image_url"), where));
        default ->
            throw JsonFields.wrong(
                where, "has a part that is neither text nor an image, which is not supported");
      }
    }
    return new ContentParts(text.toString(), images);
  }

  private static String image(String url, String where) {
    int data = url.indexOf(BASE64);
    if (!url.startsWith(DATA) || data < 0) {
      throw JsonFields.wrong(
          where, "has an image that is no data: address in base64 (this node fetches none)");
    }
    return base64(url.substring(data + BASE64.length()), where);
  }

  /** Checks that an image is base64. */
  static String base64(String image, String where) {
    try {
      Base64.getDecoder().decode(image);
      return image;
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong(where, "has an image that is no base64");
    }
  }

  /** A message, refused where it is one that no model takes. */
  static ChatMessage message(
      String where,
      ChatMessage.Role role,
      ContentParts content,
      String thinking,
      List<ToolCall> calls,
      String tool,
      String toolCallId) {
    try {
      return new ChatMessage(
          role, content.text(), thinking, content.images(), calls, tool, toolCallId);
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong(where, "is refused: " + e.getMessage());
    }
  }
}
