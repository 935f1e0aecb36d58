package dev.waggle.worker.sandbox.quickjs;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.TrapException;
import run.endive.wasm.WasmEngineException;

/** QuickJS in this JVM, for one script. Owned by one thread, but for {@link #memoryBytes}. */
final class Interpreter {
  private static final String MEMORY_USED_UP = "out of memory"; // As QuickJS says it.

  /** Does what many tasks do, and writes nothing. */
  static final ChildMessage.Task REHEARSAL =
      new ChildMessage.Task(
          "setTimeout(() => readFile(args[0]).length + readStdin().length)",
          List.of("file"),
          new byte[1],
          List.of(new CodeFile("file", Bytes.EMPTY)),
          List.of(),
          0,
          0,
          1 << 20);

  private final DataOutputStream out;
  private final QuickJs quickJs;
  private final QuickJs.Script launcher;
  private final Map<String, UnaryOperator<String>> functions = new HashMap<>();
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
   * @param image of another, which this one becomes
   */
  Interpreter(DataOutputStream out, long memoryBytesMax, Optional<MemoryImage> image) {
    this.out = out;
    addFunctions();
    if (image.isPresent()) {
      quickJs = QuickJs.of(image.get(), memoryBytesMax, this::answer);
      launcher = image.get().launcher();
    } else {
      quickJs = QuickJs.fresh(memoryBytesMax, this::answer);
      quickJs.run(quickJs.compile(prelude()));
      launcher = quickJs.compile("__run()");
    }
  }

  /**
   * Its memory for others, before it has run a script. Nothing random is in it yet: the first
   * number that a script asks for is what seeds the others.
   */
  MemoryImage image() throws IOException {
    return new MemoryImage(launcher, ModuleShell.bytes(), quickJs.memory());
  }

  /** Does once what takes long the first time, and is as before. */
  void rehearse(MemoryImage image) throws IOException {
    run(REHEARSAL);
    quickJs.restore(image);
    memoryUsedUp = false;
    task = null;
    files = null;
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

  private void addFunctions() {
    functions.put("out", text -> write(false, text));
    functions.put("error", text -> write(true, text));
    functions.put("source", none -> task().source());
    functions.put("argCount", none -> Integer.toString(task().args().size()));
    functions.put("arg", index -> task().args().get(Integer.parseInt(index)));
    functions.put("stdin", none -> new String(task().stdin(), StandardCharsets.UTF_8));
    functions.put("read", path -> new String(files().read(path), StandardCharsets.UTF_8));
    functions.put("readBytes", path -> new String(files().read(path), StandardCharsets.ISO_8859_1));
    functions.put(
        "write", text -> store(text, content -> content.getBytes(StandardCharsets.UTF_8)));
    functions.put(
        "writeBytes",
        text -> store(text, content -> content.getBytes(StandardCharsets.ISO_8859_1)));
    functions.put("remove", this::remove);
    functions.put("list", none -> String.join("\0", files().list()));
    functions.put("sleep", Interpreter::sleep);
    functions.put("failed", this::hearFailed);
    functions.put("exit", Interpreter::exit);
  }

  /** What the script hears: it sees a function refused where it throws. */
  private String answer(String function, String text) {
    @Nullable UnaryOperator<String> action = functions.get(function);
    if (action == null) {
      throw new IllegalStateException("no function " + function);
    }
    try {
      return "+" + action.apply(text);
    } catch (IllegalArgumentException e) {
      return "-" + e.getMessage();
    }
  }

  private String remove(String path) {
    files().remove(path);
    return "";
  }

  private String hearFailed(String message) {
    memoryUsedUp |= MEMORY_USED_UP.equals(message);
    return "";
  }

  private static String exit(String code) {
    throw new ScriptExit(Integer.parseInt(code) & 0xff);
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

  /** How much memory the script has; any thread may ask. */
  long memoryBytes() {
    return quickJs.memoryBytes();
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
      quickJs.run(launcher);
      return 0;
    } catch (ScriptExit e) {
      return e.code;
    } catch (WasmEngineException e) {
      // Not even the error could be handled by the script's own means.
      memoryUsedUp |= e instanceof TrapException;
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
