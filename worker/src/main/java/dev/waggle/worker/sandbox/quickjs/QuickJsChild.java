package dev.waggle.worker.sandbox.quickjs;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

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

  /** What a child is for. */
  enum Mode {
    /** Makes an image, and ends in order, so that the JVM can keep what it loaded. */
    TRAIN,
    /** Runs a task that is there. */
    RUN,
    /** Runs a task that is yet to come. */
    WAIT
  }

  /**
   * The arguments are the memory that a script may have, in bytes, a {@link Mode}, and the file of
   * an image, if there is one.
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
    long memory = Long.parseLong(arguments[0]);
    // As text: a JVM looks long for an enum's constant the first time.
    String mode = arguments[1];
    Optional<Path> image =
        arguments.length > 2 ? Optional.of(Path.of(arguments[2])) : Optional.empty();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread running =
        new Thread(null, () -> child.run(memory, mode, image, failure), "script", STACK_BYTES);
    running.start();
    running.join();
    if (failure.get() == null && mode.equals(Mode.TRAIN.name())) {
      return; // In order, for the archive.
    }
    Runtime.getRuntime().halt(failure.get() == null ? 0 : 1);
  }

  private void run(
      long memory, String mode, Optional<Path> imageFile, AtomicReference<Throwable> failure) {
    try {
      if (mode.equals(Mode.TRAIN.name())) {
        train(memory, imageFile.orElseThrow());
        return;
      }
      Optional<MemoryImage> image = Optional.empty();
      if (imageFile.isPresent()) {
        image = Optional.of(MemoryImage.read(imageFile.get()));
      }
      Interpreter interpreter = new Interpreter(out, memory, image);
      if (image.isPresent() && mode.equals(Mode.WAIT.name())) {
        interpreter.rehearse(image.get());
      }
      serve(interpreter, task -> watch(interpreter, task));
    } catch (IOException | RuntimeException e) {
      failure.set(e); // The node is gone, or the library failed: the end says so.
    }
  }

  /** Leaves an image, and does with it what others will do, before nobody. */
  private static void train(long memory, Path file) throws IOException {
    ByteArrayOutputStream task = new ByteArrayOutputStream();
    Interpreter.REHEARSAL.write(new DataOutputStream(task));
    QuickJsChild child =
        new QuickJsChild(
            new DataInputStream(new ByteArrayInputStream(task.toByteArray())),
            new DataOutputStream(OutputStream.nullOutputStream()));
    new Interpreter(child.out, memory, Optional.empty()).image().write(file);
    MemoryImage image = MemoryImage.read(file);
    Interpreter interpreter = new Interpreter(child.out, memory, Optional.of(image));
    interpreter.rehearse(image);
    child.serve(interpreter, unwatched -> {});
  }

  private void serve(Interpreter interpreter, Consumer<ChildMessage.Task> watch)
      throws IOException {
    say(new ChildMessage.Ready());
    ChildMessage.Task task = ChildMessage.Task.read(in);
    long cpuBefore = cpuNanos();
    watch.accept(task);
    int code = interpreter.run(task);
    say(
        new ChildMessage.Ended(
            code,
            interpreter.memoryUsedUp(),
            Math.max(0, cpuNanos() - cpuBefore),
            interpreter.memoryBytes()));
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
