package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;

/** OpenAI's embeddings, as numbers or as the bytes of little-endian floats in base64. */
final class EmbeddingForm extends WholeForm {
  private final String model;
  private final boolean base64;

  EmbeddingForm(String model, boolean base64) {
    this.model = model;
    this.base64 = base64;
  }

  @Override
  public String errorBody(ApiError error) {
    return error.openAi().toString();
  }

  @Override
  public String whole(List<Gathered> choices) {
    ObjectNode body = OpenAiJson.object().put("object", "list");
    ArrayNode data = body.putArray("data");
    for (List<Float> vector : choices.get(0).vectors()) {
      ObjectNode entry = OpenAiJson.object().put("object", "embedding").put("index", data.size());
      if (base64) {
        entry.put("embedding", base64(vector));
      } else {
        ArrayNode numbers = entry.putArray("embedding");
        vector.forEach(numbers::add);
      }
      data.add(entry);
    }
    int tokens = choices.get(0).summary().usage().promptTokens();
    body.put("model", model);
    body.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    return body.toString();
  }

  private static String base64(List<Float> vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    vector.forEach(bytes::putFloat);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
