package dev.waggle.worker.sandbox.process;

import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.snapshot.FileArchive;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.sandbox.CodeOutput;
import dev.waggle.worker.sandbox.CodeRun;
import dev.waggle.worker.sandbox.RunFiles;
import dev.waggle.worker.sandbox.Tar;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run under bubblewrap.
 *
 * <p>Processor time is counted in steps of 10 ms; that of processes which the code left running
 * when it ended, or which were killed, as far as the last look at them, about 20 ms before. Peak
 * memory is the most that was seen at such a look: a shorter peak is missed, and code that ends
 * before the first look has none.
 */
final class ProcessRun extends CodeRun {
  private static final Logger log = LoggerFactory.getLogger(ProcessRun.class);
  private static final Duration START_MAX = Duration.ofSeconds(10);
  private static final Duration UNSEEN_MAX = Duration.ofSeconds(2);
  private static final Duration END_MAX = Duration.ofSeconds(5);
  private static final int TROUBLE_CHARACTERS_MAX = 500;
  private static final Pattern TIME = Pattern.compile("(\\d+)m(\\d+)\\.(\\d{1,9})s");

  private final Cage cage;
  private final Cage.Run plan;
  private final Set<ProcessRun> running;
  private final CompletableFuture<Process> process = new CompletableFuture<>();
  private final long created = System.nanoTime();
  private volatile boolean killed;
  private volatile boolean unseen;
  private @Nullable Inmates inmates;
  private Inmates.Sample seen = new Inmates.Sample(0, Duration.ZERO);
  private long peakBytes;

  ProcessRun(
      TaskSpec.Code task,
      CodeLimits ownerLimits,
      Cage cage,
      Interpreter interpreter,
      Path directory,
      int number,
      Set<ProcessRun> running) {
    super(task, ownerLimits);
    this.cage = cage;
    this.running = running;
    this.plan =
        new Cage.Run(
            directory,
            interpreter.command(task.scriptFile(), limits()),
            task.args(),
            task.scriptFile(),
            !task.files().isEmpty(),
            interpreter.classes(),
            task.collect(),
            limits(),
            number);
  }

  @Override
  protected void begin(CodeOutput output)
      throws EngineException, IOException, InterruptedException {
    running.add(this);
    Path directory = Files.createDirectory(plan.directory());
    try (OutputStream in = Files.newOutputStream(directory.resolve(Cage.IN))) {
      if (plan.archiveIn()) {
        FileArchive.write(in, new RunFiles(task()).all());
      } else {
        in.write(task().source().getBytes(StandardCharsets.UTF_8));
      }
    }
    thread("code-output", () -> runAll(output));
    try {
      process.get(START_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE,
          "the sandbox cannot be started: " + e.getCause() + "; see: waggle doctor",
          e);
    } catch (TimeoutException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "the sandbox did not start within " + START_MAX, e);
    }
    if (killed) {
      kill();
    }
  }

  /** Starts the process and stays until its end: the kernel kills it when this thread is gone. */
  private void runAll(CodeOutput output) {
    Process started;
    try {
      ProcessBuilder builder = new ProcessBuilder(cage.command(plan));
      builder.environment().clear();
      builder.environment().put("PATH", ProcessSandbox.PATH);
      started = builder.start();
    } catch (IOException e) {
      process.completeExceptionally(e);
      output.end();
      return;
    }
    process.complete(started);
    try {
      Thread errors = thread("code-errors", () -> output.writeAll(true, started.getErrorStream()));
      thread("code-input", () -> feed(started.getOutputStream()));
      output.writeAll(false, started.getInputStream());
      errors.join();
      started.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      output.end();
    }
  }

  private static Thread thread(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void feed(OutputStream input) {
    try (input) {
      input.write(task().stdin().toArray());
    } catch (IOException e) {
      // It does not read that, or has ended.
    }
  }

  @Override
  protected void watch() {
    if (killed) {
      kill();
      return;
    }
    try {
      if (inmates == null) {
        @Nullable Process started = process.getNow(null);
        Optional<Inmates> found =
            started == null ? Optional.empty() : Inmates.of(started.toHandle());
        inmates = found.orElse(null);
      }
      if (inmates != null) {
        seen = inmates.sample();
        long bytes = seen.bytes();
        if (bytes > limits().memoryBytes()) {
          bytes = inmates.fairBytes(limits().memoryBytes());
        }
        peakBytes = Math.max(peakBytes, bytes);
        if (bytes > limits().memoryBytes()) {
          stop(ExitReport.End.MEMORY);
        }
        return;
      }
    } catch (IOException e) {
      log.trace("what ran has ended: {}", e.toString());
      return;
    }
    if (System.nanoTime() - created > UNSEEN_MAX.toNanos()) {
      unseen = true; // What cannot be seen cannot be limited.
      kill();
    }
  }

  @Override
  protected Ending await() throws EngineException, IOException, InterruptedException {
    Process started = process.join();
    if (!started.waitFor(END_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new EngineException(Outcome.Failure.ENGINE, "the sandbox did not end");
    }
    if (unseen) {
      throw new EngineException(
          Outcome.Failure.ENGINE,
          "the memory of code cannot be watched: /proc of its namespace is not readable");
    }
    String trouble = read(Cage.TROUBLE).strip();
    if (!killed && !trouble.isEmpty()) {
      throw new EngineException(
          Outcome.Failure.ENGINE,
          "bubblewrap: "
              + trouble.substring(0, Math.min(trouble.length(), TROUBLE_CHARACTERS_MAX)));
    }
    Duration cpu = times(read(Cage.TIMES));
    if (cpu.compareTo(seen.cpu()) < 0) {
      cpu = seen.cpu();
    }
    return new Ending(started.exitValue(), cpu, peakBytes);
  }

  private String read(String name) throws IOException {
    Path file = plan.directory().resolve(name);
    return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
  }

  /** The sum of what {@code times} says of a shell and its children (POSIX, "times"). */
  static Duration times(String text) {
    Duration sum = Duration.ZERO;
    Matcher each = TIME.matcher(text);
    while (each.find()) {
      String nanos = (each.group(3) + "000000000").substring(0, 9);
      sum =
          sum.plusMinutes(Long.parseLong(each.group(1)))
              .plusSeconds(Long.parseLong(each.group(2)))
              .plusNanos(Long.parseLong(nanos));
    }
    return sum;
  }

  @Override
  protected void collect(Output output) throws IOException, InterruptedException {
    Path archive = plan.directory().resolve(Cage.OUT);
    if (Files.exists(archive)) {
      Tar.artifacts(archive, task().collect(), limits().diskBytes(), output);
    }
  }

  @Override
  protected void kill() {
    killed = true;
    @Nullable Process started =
        process.isDone() && !process.isCompletedExceptionally() ? process.join() : null;
    if (started == null) {
      return;
    }
    // Not by Process.destroy, which would also close the streams that show when all are gone.
    started.descendants().forEach(ProcessHandle::destroyForcibly);
    started.toHandle().destroyForcibly();
    if (!started.isAlive()) {
      killStrays(plan.directory().getFileName().toString());
    }
  }

  /** Kills what lost its parent before it asked the kernel to die with it. */
  static void killStrays(String name) {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path each : all) {
        try {
          if (Files.readString(each.resolve("cmdline"), StandardCharsets.ISO_8859_1)
              .contains(name)) {
            ProcessHandle.of(Long.parseLong(each.getFileName().toString()))
                .ifPresent(ProcessHandle::destroyForcibly);
          }
        } catch (IOException e) {
          // It ended meanwhile.
        }
      }
    } catch (IOException e) {
      log.debug("no processes to look at: {}", e.toString());
    }
  }

  @Override
  protected void remove() {
    try {
      for (String each : List.of(Cage.IN, Cage.OUT, Cage.TROUBLE, Cage.TIMES)) {
        Files.deleteIfExists(plan.directory().resolve(each));
      }
      Files.deleteIfExists(plan.directory());
    } catch (IOException e) {
      log.warn("{} was not removed: {}", plan.directory(), e.toString());
    } finally {
      running.remove(this);
    }
  }
}
