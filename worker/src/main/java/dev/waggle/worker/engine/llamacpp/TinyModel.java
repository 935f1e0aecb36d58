package dev.waggle.worker.engine.llamacpp;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Writes a model of four megabytes that says one sentence, whatever it is asked. It lets a fresh
 * machine show that llama.cpp works, without a download.
 *
 * <p>It is a true Llama architecture whose layer adds nothing: embeddings are one-hot vectors, so
 * the output matrix alone decides which token follows which.
 */
public final class TinyModel {
  /** What it says. No word comes twice, because each word alone decides what follows. */
  public static final String SENTENCE =
      "bees dance on their honeycomb to tell each sister where good flowers bloom";

  private static final int UNKNOWN = 0;
  private static final int BEGIN = 1;
  private static final int END = 2;
  private static final int TYPE_NORMAL = 1;
  private static final int TYPE_UNKNOWN = 2;
  private static final int TYPE_CONTROL = 3;
  private static final int TYPE_UNUSED = 5;
  private static final int TYPE_BYTE = 6;
  private static final int HEAD_SIZE = 64;
  private static final int FEED_FORWARD = 64;
  private static final int CONTEXT = 2_048;
  private static final float EPSILON = 1e-5f;
  private static final float CERTAIN = 40;
  private static final char SPACE = '\u2581';
  private static final String CHAT_TEMPLATE =
      "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}"
          + "{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}";

  private final List<String> tokens = new ArrayList<>();
  private final List<Float> scores = new ArrayList<>();
  private final List<Integer> types = new ArrayList<>();
  private final Map<String, Integer> ids = new LinkedHashMap<>();

  private TinyModel() {}

  /** Writes the file. */
  public static void write(Path file) throws IOException {
    TinyModel model = new TinyModel();
    model.makeVocabulary();
    model.gguf().write(file);
  }

  private void makeVocabulary() {
    token("<unk>", 0, TYPE_UNKNOWN);
    token("<s>", 0, TYPE_CONTROL);
    token("</s>", 0, TYPE_CONTROL);
    for (int value = 0; value < 256; value++) {
      token(String.format("<0x%02X>", value), 0, TYPE_BYTE);
    }
    // The tokenizer builds words by merging from the left, so every prefix is a token too.
    TreeSet<String> pieces =
        new TreeSet<>(Comparator.comparingInt(String::length).thenComparing(piece -> piece));
    for (String word : words()) {
      for (int end = 1; end <= word.length(); end++) {
        pieces.add(word.substring(0, end));
        pieces.add(word.substring(end - 1, end));
      }
    }
    pieces.forEach(piece -> token(piece, piece.length() - 100, TYPE_NORMAL));
    while (tokens.size() % HEAD_SIZE != 0) {
      token("<unused" + tokens.size() + ">", 0, TYPE_UNUSED);
    }
  }

  private static List<String> words() {
    List<String> words = new ArrayList<>();
    for (String word : SENTENCE.split(" ", -1)) {
      words.add(SPACE + word);
    }
    return words;
  }

  private void token(String text, float score, int type) {
    ids.put(text, tokens.size());
    tokens.add(text);
    scores.add(score);
    types.add(type);
  }

  private int id(String token) {
    Integer id = ids.get(token);
    if (id == null) {
      throw new AssertionError("no token for " + token);
    }
    return id;
  }

  private GgufWriter gguf() {
    int size = tokens.size();
    GgufWriter gguf = new GgufWriter();
    gguf.put("general.architecture", "llama");
    gguf.put("general.name", "waggle-tiny");
    gguf.put("llama.block_count", 1);
    gguf.put("llama.context_length", CONTEXT);
    gguf.put("llama.embedding_length", size);
    gguf.put("llama.feed_forward_length", FEED_FORWARD);
    gguf.put("llama.attention.head_count", size / HEAD_SIZE);
    gguf.put("llama.attention.head_count_kv", size / HEAD_SIZE);
    gguf.put("llama.attention.layer_norm_rms_epsilon", EPSILON);
    gguf.put("llama.rope.dimension_count", HEAD_SIZE);
    gguf.put("llama.vocab_size", size);
    gguf.put("tokenizer.ggml.model", "llama");
    gguf.putStrings("tokenizer.ggml.tokens", tokens);
    gguf.putFloats("tokenizer.ggml.scores", scores);
    gguf.putInts("tokenizer.ggml.token_type", types);
    gguf.put("tokenizer.ggml.unknown_token_id", UNKNOWN);
    gguf.put("tokenizer.ggml.bos_token_id", BEGIN);
    gguf.put("tokenizer.ggml.eos_token_id", END);
    gguf.put("tokenizer.chat_template", CHAT_TEMPLATE);
    addTensors(gguf, size);
    return gguf;
  }

  private void addTensors(GgufWriter gguf, int size) {
    float[] ones = new float[size];
    java.util.Arrays.fill(ones, 1);
    float[] nothing = new float[size * size];
    float[] nothingForward = new float[size * FEED_FORWARD];
    gguf.add("token_embd.weight", identity(size), size, size);
    gguf.add("blk.0.attn_norm.weight", ones, size);
    for (String part : List.of("attn_q", "attn_k", "attn_v", "attn_output")) {
      gguf.add("blk.0." + part + ".weight", nothing, size, size);
    }
    gguf.add("blk.0.ffn_norm.weight", ones, size);
    gguf.add("blk.0.ffn_gate.weight", nothingForward, size, FEED_FORWARD);
    gguf.add("blk.0.ffn_up.weight", nothingForward, size, FEED_FORWARD);
    gguf.add("blk.0.ffn_down.weight", nothingForward, FEED_FORWARD, size);
    gguf.add("output_norm.weight", ones, size);
    gguf.add("output.weight", successors(size), size, size);
  }

  private static float[] identity(int size) {
    float[] values = new float[size * size];
    for (int i = 0; i < size; i++) {
      values[i * size + i] = 1;
    }
    return values;
  }

  /** Row: the token that follows; column: the token before it. */
  private float[] successors(int size) {
    List<String> words = words();
    int[] next = new int[size];
    java.util.Arrays.fill(next, id(words.get(0)));
    for (int i = 0; i + 1 < words.size(); i++) {
      next[id(words.get(i))] = id(words.get(i + 1));
    }
    next[id(words.get(words.size() - 1))] = END;
    // The last norm stretches a one-hot vector by the root of its length.
    float certain = (float) (CERTAIN / Math.sqrt(size));
    float[] values = new float[size * size];
    for (int before = 0; before < size; before++) {
      values[next[before] * size + before] = certain;
    }
    return values;
  }
}
