package dev.waggle.worker.sandbox.quickjs;

import io.roastedroot.quickjs4j.core.JavyPluginModule;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The child process of one script: prepares an interpreter, says so, reads one task, runs it, tells
 * how it went, and ends. It also ends when its node does, when the task has had its time, and when
 * the script has more memory than its task allows.
 */
public final class QuickJsChild {
  /** The script's own calls are calls of this thread; room is used only as it is needed. */
  private static final long STACK_BYTES = 512L << 20;

  private static final long WATCH_MILLIS = 5;
  // What a node adds to the task's time before it gives up.
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final DataInputStream in;
  private final DataOutputStream out;

  private QuickJsChild(DataInputStream in, DataOutputStream out) {
    this.in = in;
    this.out = out;
  }

  /**
   * The only argument is the memory that a script may have, in bytes. With {@code train} after it,
   * runs a script of its own and ends in order, so that the JVM can keep what it loaded.
   */
  public static void main(String[] arguments) throws Exception {
    OutputStream raw = new FileOutputStream(FileDescriptor.out);
    // Whatever a library prints is not to be taken for a message.
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false));
    System.setErr(new PrintStream(OutputStream.nullOutputStream(), false));
    QuickJsChild child =
        new QuickJsChild(
            new DataInputStream(new FileInputStream(FileDescriptor.in)),
            new DataOutputStream(new BufferedOutputStream(raw, ChildMessage.BYTES_MAX)));
    // Half of the start; the other half needs it at its end only.
    daemon("module", JavyPluginModule::load);
    long memory = Long.parseLong(arguments[0]);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread running = new Thread(null, () -> child.run(memory, failure), "script", STACK_BYTES);
    running.start();
    running.join();
    if (arguments.length > 1) {
      return; // In order, for the archive.
    }
    Runtime.getRuntime().halt(failure.get() == null ? 0 : 1);
  }

  private void run(long memory, AtomicReference<Throwable> failure) {
    try {
      Interpreter interpreter = new Interpreter(out, memory);
      say(new ChildMessage.Ready());
      ChildMessage.Task task = ChildMessage.Task.read(in);
      long cpuBefore = cpuNanos();
      watch(interpreter, task);
      int code = interpreter.run(task);
      say(
          new ChildMessage.Ended(
              code,
              interpreter.memoryUsedUp(),
              Math.max(0, cpuNanos() - cpuBefore),
              interpreter.memoryBytes()));
    } catch (IOException | RuntimeException e) {
      failure.set(e); // The node is gone, or the library failed: the end says so.
    }
  }

  private void say(ChildMessage message) throws IOException {
    synchronized (out) {
      ChildMessage.write(out, message);
    }
  }

  private static long cpuNanos() {
    return ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
  }

  private void watch(Interpreter interpreter, ChildMessage.Task task) {
    long until = System.nanoTime() + GRACE.toNanos() + task.wallMillis() * 1_000_000;
    daemon("limits", () -> watchLimits(interpreter, task, until));
    daemon(
        "node",
        () -> {
          try {
            in.transferTo(OutputStream.nullOutputStream());
          } catch (IOException e) {
            // A broken pipe says the same.
          }
          Runtime.getRuntime().halt(1);
        });
  }

  private void watchLimits(Interpreter interpreter, ChildMessage.Task task, long until) {
    long cpuBefore = cpuNanos();
    long told = 0;
    try {
      while (System.nanoTime() < until) {
        long now = interpreter.memoryBytes();
        if (now > told) {
          told = now;
          say(new ChildMessage.Holds(now));
        }
        if (now > task.memoryBytes()) {
          // Whatever the script is in the middle of writing is written to its end.
          say(
              new ChildMessage.Ended(
                  1, true, Math.max(0, cpuNanos() - cpuBefore), task.memoryBytes()));
          break;
        }
        Thread.sleep(WATCH_MILLIS);
      }
    } catch (IOException | InterruptedException e) {
      // There is nobody to be told.
    }
    Runtime.getRuntime().halt(1);
  }

  private static void daemon(String name, Runnable action) {
    Thread thread = new Thread(action, name);
    thread.setDaemon(true);
    thread.start();
  }
}
