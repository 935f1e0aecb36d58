package dev.waggle.worker.engine.llamacpp;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads how long a context a model was trained for out of its file's metadata: GGUF, versions 2 and
 * 3 (ggml, docs/gguf.md). Reads no further than it has to.
 */
final class GgufReader {
  private static final int MAGIC = 0x46554747;
  private static final int VERSION_MIN = 2;
  private static final int VERSION_MAX = 3;
  private static final int TYPE_U32 = 4;
  private static final int TYPE_STRING = 8;
  private static final int TYPE_ARRAY = 9;
  // In bytes, by the types' numbers; 0 for what has no fixed size.
  private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  private static final String CONTEXT = ".context_length";
  // Large vocabularies have some hundred thousand words and take some megabytes.
  private static final int ENTRIES_MAX = 10_000;
  private static final int ELEMENTS_MAX = 4_000_000;
  private static final int KEY_BYTES_MAX = 65_535;

  private final DataInputStream in;

  private GgufReader(DataInputStream in) {
    this.in = in;
  }

  /**
   * In tokens; 0 where the file does not say it.
   *
   * @throws IOException if it cannot be read, or is no such file
   */
  static int contextTokens(Path file) throws IOException {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      return new GgufReader(in).contextTokens();
    }
  }

  private int contextTokens() throws IOException {
    int magic = u32();
    int version = u32();
    require(magic == MAGIC && version >= VERSION_MIN && version <= VERSION_MAX);
    u64(); // How many tensors there are.
    long entries = u64();
    require(entries >= 0 && entries <= ENTRIES_MAX);
    for (long i = 0; i < entries; i++) {
      long length = u64();
      require(length >= 0 && length <= KEY_BYTES_MAX);
      String key = new String(in.readNBytes((int) length), StandardCharsets.UTF_8);
      int type = u32();
      if (type == TYPE_U32 && key.endsWith(CONTEXT)) {
        return Math.max(0, u32());
      }
      skip(type);
    }
    return 0;
  }

  private void skip(int type) throws IOException {
    if (type == TYPE_ARRAY) {
      int of = u32();
      long elements = u64();
      require(elements >= 0 && elements <= ELEMENTS_MAX && of != TYPE_ARRAY);
      for (long i = 0; i < elements; i++) {
        skip(of);
      }
    } else if (type == TYPE_STRING) {
      in.skipNBytes(u64());
    } else {
      require(type >= 0 && type < SIZES.length);
      in.skipNBytes(SIZES[type]);
    }
  }

  private static void require(boolean sound) throws IOException {
    if (!sound) {
      throw new IOException("it is no GGUF file of version 2 or 3");
    }
  }

  private int u32() throws IOException {
    return Integer.reverseBytes(in.readInt());
  }

  private long u64() throws IOException {
    return Long.reverseBytes(in.readLong());
  }
}
