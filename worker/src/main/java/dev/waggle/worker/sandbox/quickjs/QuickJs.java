package dev.waggle.worker.sandbox.quickjs;

import io.roastedroot.quickjs4j.core.JavyPluginModule;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import run.endive.log.Logger;
import run.endive.runtime.ByteArrayMemory;
import run.endive.runtime.HostFunction;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Instance;
import run.endive.runtime.Memory;
import run.endive.wasi.WasiOptions;
import run.endive.wasi.WasiPreview1;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.FunctionType;
import run.endive.wasm.types.MemoryLimits;
import run.endive.wasm.types.ValType;

/**
 * QuickJS, compiled to WebAssembly, in this JVM. It starts from the beginning, or with the memory
 * that another had, which takes a small part of the time. Owned by one thread, but for {@link
 * #memoryBytes}.
 */
final class QuickJs {
  private static final int WIDE_POINTER_BYTES = 8;

  private static final Logger SILENT =
      new Logger() {
        @Override
        public void log(Level level, String message, @Nullable Throwable thrown) {}

        @Override
        public boolean isLoggable(Level level) {
          return false;
        }
      };

  private final Instance instance;
  private final Memory memory;

  /** What a script calls by {@code java_invoke('', function, text)}; on the owner's thread. */
  interface Host {
    String answer(String function, String text);
  }

  /** A compiled script: where it is in the memory. */
  record Script(int address, int length) {}

  private QuickJs(WasmModule module, long memoryBytesMax, Host host) {
    int pagesMax = (int) Math.min(memoryBytesMax / Memory.PAGE_SIZE, Memory.RUNTIME_MAX_PAGES);
    WasiOptions nowhere =
        WasiOptions.builder()
            .withStdout(new ByteArrayOutputStream())
            .withStderr(new ByteArrayOutputStream())
            .build();
    this.instance =
        Instance.builder(module)
            .withMemoryFactory(least -> allocate(least, pagesMax))
            .withMachineFactory(JavyPluginModule::create)
            .withImportValues(
                ImportValues.builder()
                    .addFunction(
                        WasiPreview1.builder()
                            .withOptions(nowhere)
                            .withLogger(SILENT)
                            .build()
                            .toHostFunctions())
                    .addFunction(invoke(host))
                    .build())
            .build();
    this.memory = instance.memory();
  }

  /** One that starts from the beginning. */
  static QuickJs fresh(long memoryBytesMax, Host host) {
    QuickJs quickJs = new QuickJs(JavyPluginModule.load(), memoryBytesMax, host);
    quickJs.call("initialize_runtime");
    return quickJs;
  }

  /** One as it was when an image was taken of it. */
  static QuickJs of(MemoryImage image, long memoryBytesMax, Host host) {
    QuickJs quickJs = new QuickJs(ModuleShell.of(image.module()), memoryBytesMax, host);
    quickJs.restore(image);
    return quickJs;
  }

  private static Memory allocate(MemoryLimits least, int pagesMax) {
    return new ByteArrayMemory(
        new MemoryLimits(least.initialPages(), Math.max(least.initialPages(), pagesMax)));
  }

  private HostFunction invoke(Host host) {
    return new HostFunction(
        "endive",
        "invoke",
        FunctionType.of(Collections.nCopies(6, ValType.I32), List.of(ValType.I32)),
        (caller, values) -> {
          String function = text((int) values[2], (int) values[3]);
          byte[] answer =
              host.answer(function, text((int) values[4], (int) values[5]))
                  .getBytes(StandardCharsets.UTF_8);
          int at = put(answer);
          int wide = call("cabi_realloc", 0, 0, 1, WIDE_POINTER_BYTES);
          memory.writeI32(wide, at);
          memory.writeI32(wide + Integer.BYTES, answer.length);
          return new long[] {wide};
        });
  }

  private String text(int address, int length) {
    return new String(memory.readBytes(address, length), StandardCharsets.UTF_8);
  }

  private int put(byte[] bytes) {
    int at = call("cabi_realloc", 0, 0, 1, bytes.length);
    memory.write(at, bytes);
    return at;
  }

  /** Calls a function that it exports; 0 where that returns nothing. */
  private int call(String function, long... arguments) {
    long[] results = instance.export(function).apply(arguments);
    return results == null || results.length == 0 ? 0 : (int) results[0];
  }

  /**
   * Compiles a script, as a module.
   *
   * @throws run.endive.runtime.TrapException if it cannot be compiled
   */
  Script compile(String source) {
    byte[] bytes = source.getBytes(StandardCharsets.UTF_8);
    int wide = call("compileSrc", put(bytes), bytes.length);
    return new Script(memory.readInt(wide), memory.readInt(wide + Integer.BYTES));
  }

  /**
   * Runs a script and what it leaves to be done.
   *
   * @throws run.endive.runtime.TrapException if it fails; whatever the host throws goes through
   */
  void run(Script script) {
    call("eval", script.address(), script.length(), 0, 0);
  }

  /** How much memory it has, in bytes. */
  long memoryBytes() {
    return (long) memory.pages() * Memory.PAGE_SIZE;
  }

  /** All of its memory. */
  byte[] memory() {
    return memory.readBytes(0, (int) memoryBytes());
  }

  /** Puts it back to where it was when the image was taken. */
  void restore(MemoryImage image) {
    int pages = image.memory().length / Memory.PAGE_SIZE;
    if (memory.pages() < pages && memory.grow(pages - memory.pages()) < 0) {
      throw new IllegalStateException("the image needs " + pages + " pages");
    }
    memory.write(0, image.memory());
    memory.fill((byte) 0, image.memory().length, (int) memoryBytes());
  }
}
