package dev.waggle.worker.sandbox.quickjs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.roastedroot.quickjs4j.core.Builtins;
import io.roastedroot.quickjs4j.core.Engine;
import io.roastedroot.quickjs4j.core.GuestException;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.ByteArrayMemory;
import run.endive.runtime.Memory;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.types.MemoryLimits;

/** QuickJS in this JVM, for one script. Owned by one thread, but for {@link #memoryBytes}. */
final class Interpreter {
  private static final int PAGE_BYTES = 64 << 10;
  private static final String MEMORY_USED_UP = "out of memory"; // As QuickJS says it.

  private final DataOutputStream out;
  private final Engine engine;
  private final int launcher;
  private @Nullable Memory memory;
  private ChildMessage.@Nullable Task task;
  private @Nullable ScriptFiles files;
  private boolean memoryUsedUp;

  /** Thrown through the script, which cannot catch it. */
  private static final class ScriptExit extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int code;

    ScriptExit(int code) {
      super(null, null, false, false);
      this.code = code;
    }
  }

  /**
   * An interpreter that is ready for its script.
   *
   * @param out where what the script writes is told
   * @param memoryBytesMax what it may have
   */
  Interpreter(DataOutputStream out, long memoryBytesMax) {
    this.out = out;
    int pagesMax = (int) Math.min(memoryBytesMax / PAGE_BYTES, Memory.RUNTIME_MAX_PAGES);
    // Texts of a script may be as long as its memory allows.
    ObjectMapper json =
        new ObjectMapper(
            JsonFactory.builder()
                .streamReadConstraints(
                    StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                .build());
    engine =
        Engine.builder()
            .withObjectMapper(json)
            .withMemoryFactory(limits -> allocate(limits, pagesMax))
            .addBuiltins(builtins(json))
            .build();
    engine.exec(engine.compile(prelude()));
    // Not with what the library would define again before it.
    launcher = engine.compileRaw("__run()".getBytes(StandardCharsets.UTF_8));
  }

  private Memory allocate(MemoryLimits least, int pagesMax) {
    Memory allocated =
        new ByteArrayMemory(
            new MemoryLimits(least.initialPages(), Math.max(least.initialPages(), pagesMax)));
    memory = allocated;
    return allocated;
  }

  private static String prelude() {
    try (InputStream in = Interpreter.class.getResourceAsStream("prelude.js")) {
      if (in == null) {
        throw new IllegalStateException("prelude.js is not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("prelude.js cannot be read from the jar", e);
    }
  }

  private Builtins builtins(ObjectMapper json) {
    Builtins.Builder builtins = Builtins.builder("waggle");
    answer(builtins, "out", text -> write(false, text));
    answer(builtins, "error", text -> write(true, text));
    answer(builtins, "source", none -> task().source());
    answer(builtins, "args", none -> json(json, task().args()));
    answer(builtins, "stdin", none -> new String(task().stdin(), StandardCharsets.UTF_8));
    answer(builtins, "read", path -> new String(files().read(path), StandardCharsets.UTF_8));
    answer(
        builtins, "readBytes", path -> new String(files().read(path), StandardCharsets.ISO_8859_1));
    answer(
        builtins,
        "write",
        text -> store(text, content -> content.getBytes(StandardCharsets.UTF_8)));
    answer(
        builtins,
        "writeBytes",
        text -> store(text, content -> content.getBytes(StandardCharsets.ISO_8859_1)));
    answer(
        builtins,
        "remove",
        path -> {
          files().remove(path);
          return "";
        });
    answer(builtins, "list", none -> json(json, files().list()));
    answer(builtins, "sleep", Interpreter::sleep);
    builtins.addStringToVoid("failed", message -> memoryUsedUp |= MEMORY_USED_UP.equals(message));
    builtins.addIntToVoid(
        "exit",
        code -> {
          throw new ScriptExit(code == null ? 0 : code & 0xff);
        });
    return builtins.build();
  }

  /** A function of text that the script sees refused where it throws. */
  private static void answer(Builtins.Builder builtins, String name, UnaryOperator<String> action) {
    builtins.addStringToString(
        name,
        text -> {
          try {
            return "+" + action.apply(text == null ? "" : text);
          } catch (IllegalArgumentException e) {
            return "-" + e.getMessage();
          }
        });
  }

  private static String json(ObjectMapper json, Object value) {
    try {
      return json.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts can always be written", e);
    }
  }

  private interface Encoding {
    byte[] bytes(String text);
  }

  private String store(String pathAndContent, Encoding encoding) {
    int end = pathAndContent.indexOf(0);
    if (end < 0) {
      throw new IllegalArgumentException("a file needs a path and a content");
    }
    files()
        .write(pathAndContent.substring(0, end), encoding.bytes(pathAndContent.substring(end + 1)));
    return "";
  }

  private static String sleep(String millis) {
    try {
      LockSupport.parkNanos((long) (Double.parseDouble(millis) * 1_000_000));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("no time: " + millis, e);
    }
    return "";
  }

  private ChildMessage.Task task() {
    if (task == null) {
      throw new IllegalArgumentException("there is no task yet");
    }
    return task;
  }

  private ScriptFiles files() {
    if (files == null) {
      throw new IllegalArgumentException("there is no task yet");
    }
    return files;
  }

  private String write(boolean error, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try {
      for (int from = 0; from < bytes.length; from += ChildMessage.BYTES_MAX) {
        int to = Math.min(bytes.length, from + ChildMessage.BYTES_MAX);
        say(new ChildMessage.Wrote(error, Arrays.copyOfRange(bytes, from, to)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the node is gone", e);
    }
    return "";
  }

  private void say(ChildMessage message) throws IOException {
    synchronized (out) {
      ChildMessage.write(out, message);
    }
  }

  /** How much memory the script has. */
  long memoryBytes() {
    Memory allocated = memory;
    return allocated == null ? 0 : (long) allocated.pages() * PAGE_BYTES;
  }

  /** Whether the script failed because it had no more memory. */
  boolean memoryUsedUp() {
    return memoryUsedUp;
  }

  /** Runs a script to its end, and tells of the files that are asked for; returns its code. */
  int run(ChildMessage.Task all) throws IOException {
    task = all;
    ScriptFiles own = new ScriptFiles(all.files(), all.diskBytes());
    files = own;
    int code = execute();
    for (int index = 0; index < all.collect().size(); index++) {
      byte @Nullable [] content = own.find(all.collect().get(index));
      if (content != null) {
        int from = 0;
        do {
          int to = Math.min(content.length, from + ChildMessage.BYTES_MAX);
          say(new ChildMessage.Part(index, Arrays.copyOfRange(content, from, to)));
          from = to;
        } while (from < content.length);
      }
    }
    return code;
  }

  private int execute() {
    try {
      engine.exec(launcher);
      return 0;
    } catch (ScriptExit e) {
      return e.code;
    } catch (WasmEngineException | GuestException e) {
      // Not even the error could be handled by the script's own means.
      memoryUsedUp |= e instanceof GuestException;
      write(true, "the script was ended: " + firstLine(e) + "\n");
      return 1;
    } catch (RuntimeException e) {
      write(true, "the script called what is not there: " + firstLine(e) + "\n");
      return 1;
    }
  }

  private static String firstLine(RuntimeException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason is known");
  }
}
