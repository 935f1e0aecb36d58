package dev.waggle.worker.engine.llamacpp;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a model file: GGUF version 3, tensors of 32-bit floats only (ggml, docs/gguf.md). First
 * the metadata, then the tensors, then {@link #write}.
 */
final class GgufWriter {
  private static final int VERSION = 3;
  private static final int ALIGNMENT = 32;
  private static final int TYPE_U32 = 4;
  private static final int TYPE_I32 = 5;
  private static final int TYPE_F32 = 6;
  private static final int TYPE_STRING = 8;
  private static final int TYPE_ARRAY = 9;
  private static final int TENSOR_F32 = 0;

  private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
  private final List<Tensor> tensors = new ArrayList<>();
  private int entries;

  private record Tensor(String name, long[] shape, float[] values) {}

  void put(String key, String value) {
    entry(key, TYPE_STRING);
    string(metadata, value);
  }

  void put(String key, int value) {
    entry(key, TYPE_U32);
    u32(metadata, value);
  }

  void put(String key, float value) {
    entry(key, TYPE_F32);
    u32(metadata, Float.floatToRawIntBits(value));
  }

  void putStrings(String key, List<String> values) {
    array(key, TYPE_STRING, values.size());
    values.forEach(value -> string(metadata, value));
  }

  void putFloats(String key, List<Float> values) {
    array(key, TYPE_F32, values.size());
    values.forEach(value -> u32(metadata, Float.floatToRawIntBits(value)));
  }

  void putInts(String key, List<Integer> values) {
    array(key, TYPE_I32, values.size());
    values.forEach(value -> u32(metadata, value));
  }

  /**
   * Adds a tensor.
   *
   * @param values row by row
   * @param shape the length of a row first
   */
  void add(String name, float[] values, long... shape) {
    tensors.add(new Tensor(name, shape, values));
  }

  void write(Path file) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    head.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    u32(head, VERSION);
    u64(head, tensors.size());
    u64(head, entries);
    head.writeBytes(metadata.toByteArray());
    long offset = 0;
    for (Tensor tensor : tensors) {
      string(head, tensor.name());
      u32(head, tensor.shape().length);
      for (long length : tensor.shape()) {
        u64(head, length);
      }
      u32(head, TENSOR_F32);
      u64(head, offset);
      offset += padded((long) tensor.values().length * Float.BYTES);
    }
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      out.write(head.toByteArray());
      pad(out, head.size());
      for (Tensor tensor : tensors) {
        byte[] bytes = new byte[tensor.values().length * Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(tensor.values());
        out.write(bytes);
        pad(out, bytes.length);
      }
    }
  }

  private static long padded(long length) {
    return (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static void pad(OutputStream out, long written) throws IOException {
    out.write(new byte[(int) (padded(written) - written)]);
  }

  private void entry(String key, int type) {
    string(metadata, key);
    u32(metadata, type);
    entries++;
  }

  private void array(String key, int type, int length) {
    entry(key, TYPE_ARRAY);
    u32(metadata, type);
    u64(metadata, length);
  }

  private static void string(ByteArrayOutputStream out, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    u64(out, utf8.length);
    out.writeBytes(utf8);
  }

  private static void u32(ByteArrayOutputStream out, int value) {
    out.writeBytes(littleEndian(Integer.BYTES).putInt(value).array());
  }

  private static void u64(ByteArrayOutputStream out, long value) {
    out.writeBytes(littleEndian(Long.BYTES).putLong(value).array());
  }

  private static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
