package dev.waggle.worker.engine.llamacpp;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Writes a small model of random weights: it says any bytes, each of which is a token, and never
 * that it has ended.
 */
public final class BabblingModel {
  private static final long SEED = 1;
  private static final int WIDTH = 64;
  private static final int BYTES = 256;
  private static final int END = 2;
  private static final int TYPE_UNKNOWN = 2;
  private static final int TYPE_CONTROL = 3;
  private static final int TYPE_BYTE = 6;
  // Of the last norm's vector, whose length is the root of its width: so that some bytes are
  // likely.
  private static final float SPREAD = 0.2f;
  private static final String CHAT_TEMPLATE =
      "{% for message in messages %}{{ message['content'] + '\\n' }}{% endfor %}";

  private BabblingModel() {}

  /**
   * Writes the file.
   *
   * @param contextTokens how much it can hold
   */
  public static void write(Path file, int contextTokens) throws IOException {
    Random random = new Random(SEED);
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    List<Integer> types = new ArrayList<>(List.of(TYPE_UNKNOWN, TYPE_CONTROL, TYPE_CONTROL));
    for (int value = 0; value < BYTES; value++) {
      tokens.add(String.format("<0x%02X>", value));
      types.add(TYPE_BYTE);
    }
    int size = tokens.size();
    GgufWriter gguf = new GgufWriter();
    gguf.put("general.architecture", "llama");
    gguf.put("llama.block_count", 1);
    gguf.put("llama.context_length", contextTokens);
    gguf.put("llama.embedding_length", WIDTH);
    gguf.put("llama.feed_forward_length", WIDTH);
    gguf.put("llama.attention.head_count", 1);
    gguf.put("llama.attention.head_count_kv", 1);
    gguf.put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    gguf.put("llama.rope.dimension_count", WIDTH);
    gguf.put("llama.vocab_size", size);
    gguf.put("tokenizer.ggml.model", "llama");
    gguf.putStrings("tokenizer.ggml.tokens", tokens);
    gguf.putFloats("tokenizer.ggml.scores", Collections.nCopies(size, 0f));
    gguf.putInts("tokenizer.ggml.token_type", types);
    gguf.put("tokenizer.ggml.unknown_token_id", 0);
    gguf.put("tokenizer.ggml.bos_token_id", 1);
    gguf.put("tokenizer.ggml.eos_token_id", END);
    gguf.put("tokenizer.chat_template", CHAT_TEMPLATE);
    gguf.add("token_embd.weight", weights(random, size), WIDTH, size);
    for (String norm : List.of("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm")) {
      float[] ones = new float[WIDTH];
      Arrays.fill(ones, 1);
      gguf.add(norm + ".weight", ones, WIDTH);
    }
    for (String part :
        List.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")) {
      gguf.add("blk.0." + part + ".weight", weights(random, WIDTH), WIDTH, WIDTH);
    }
    float[] output = weights(random, size);
    // As likely as the average byte, which is never among the likeliest forty.
    Arrays.fill(output, 0, (END + 1) * WIDTH, 0);
    gguf.add("output.weight", output, WIDTH, size);
    gguf.write(file);
  }

  private static float[] weights(Random random, int rows) {
    float[] weights = new float[rows * WIDTH];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextGaussian() * SPREAD;
    }
    return weights;
  }
}
