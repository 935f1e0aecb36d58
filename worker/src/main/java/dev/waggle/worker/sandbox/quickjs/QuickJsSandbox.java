package dev.waggle.worker.sandbox.quickjs;

import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Digests;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.sandbox.Proof;
import dev.waggle.worker.sandbox.RefusedRun;
import dev.waggle.worker.sandbox.Sandbox;
import dev.waggle.worker.sandbox.SandboxException;
import dev.waggle.worker.sandbox.SilentProgram;
import io.roastedroot.quickjs4j.core.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs JavaScript on every machine that runs a node: in QuickJS, compiled to WebAssembly, which is
 * run by a JVM of its own for each task. One child waits for the next task; none is used again.
 *
 * <p>What holds a script is WebAssembly first: it reaches its own memory and the functions below,
 * and nothing else. Where Linux has bubblewrap, the JVM is in a cage besides, without files,
 * network or processes of the host, so that a script that breaks the interpreter and the JVM has
 * still gained nothing. Elsewhere WebAssembly and the JVM are all that is between it and the user's
 * account.
 *
 * <p>A script is a classic one, not a module, and finds beside the language:
 *
 * <ul>
 *   <li>{@code console.log}, {@code info}, {@code debug} (output), {@code warn}, {@code error}
 *   <li>{@code args}, also called {@code scriptArgs}: its arguments
 *   <li>{@code readStdin()}: all of its input as text
 *   <li>{@code readFile(path)}, {@code readFileBytes(path)}, {@code writeFile(path, textOrBytes)},
 *       {@code removeFile(path)}, {@code listFiles()}: files that are in memory only, within the
 *       task's disk space; they throw an {@code Error} where a file is missing or has no room
 *   <li>{@code setTimeout}, {@code clearTimeout}, promises: it ends when nothing waits any more
 *   <li>{@code exit(code)}: ends it at once; an error that nobody catches is code 1
 * </ul>
 *
 * <p>A task's memory is what the script sees of it; the JVM around it takes about 100 MiB more.
 */
public final class QuickJsSandbox implements Sandbox {
  private static final CodeLimits PROOF_LIMITS =
      new CodeLimits(Duration.ofSeconds(1), 64L << 20, 16, 4L << 20, 64 << 10);
  private static final Logger log = LoggerFactory.getLogger(QuickJsSandbox.class);
  private static final Duration TRAIN_MAX = Duration.ofSeconds(20);

  private final CodeLimits ownerLimits;
  private final Path directory;
  private final boolean pooled;
  private final Object lock = new Object();

  // A cage ends with the thread that built it, so that thread is to be there for as long as it.
  private final ExecutorService starter =
      Executors.newSingleThreadExecutor(
          action -> {
            Thread thread = new Thread(action, "quickjs-start");
            thread.setDaemon(true);
            return thread;
          });
  private ChildCommand command;
  private @Nullable QuickJsProcess waiting;
  private boolean closed;

  /**
   * A sandbox that has started nothing yet.
   *
   * @param ownerLimits the most that a task may use
   * @param directory where it keeps what makes its children start faster; made if missing
   * @param pooled whether a child waits for the next task, which takes about 80 MiB of memory
   */
  public QuickJsSandbox(CodeLimits ownerLimits, Path directory, boolean pooled) {
    this.ownerLimits = ownerLimits;
    this.directory = directory;
    this.pooled = pooled;
    this.command = plain(false);
  }

  @Override
  public boolean adds(Set<Language> languages) {
    return !languages.contains(Language.JAVASCRIPT);
  }

  @Override
  public String name() {
    return "quickjs";
  }

  @Override
  public Map<Language, String> prove() throws SandboxException {
    try {
      synchronized (lock) {
        command = trained(cageable());
      }
      List<String> breaches;
      try (Proof proof = new Proof()) {
        breaches =
            proof.breaches(
                Language.JAVASCRIPT,
                task -> new QuickJsRun(this, task, task.limits()),
                PROOF_LIMITS);
      }
      if (!breaches.isEmpty()) {
        throw new SandboxException(
            "QuickJS runs nothing: attacks were not denied: " + String.join("; ", breaches));
      }
    } catch (IOException e) {
      throw new SandboxException("QuickJS could not be attacked: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException("the proof was interrupted", e);
    }
    String version = "quickjs4j " + Version.version;
    return Map.of(
        Language.JAVASCRIPT, Digests.of(version.getBytes(StandardCharsets.UTF_8)).toString());
  }

  /** Whether bubblewrap can hold a child on this machine. */
  private boolean cageable() throws InterruptedException {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      return false;
    }
    try (QuickJsProcess child = new QuickJsProcess(plain(true), QuickJsChild.Mode.RUN)) {
      child.awaitReady(new CompletableFuture<>());
      return true;
    } catch (IOException e) {
      log.info(
          "QuickJS runs without bubblewrap around it, which cannot be started here: {}",
          e.getMessage());
      return false;
    }
  }

  private ChildCommand plain(boolean caged) {
    return new ChildCommand(ownerLimits, caged, Optional.empty(), Optional.empty());
  }

  /** Children that start in half the time, with what a first one leaves for them. */
  private ChildCommand trained(boolean caged) throws InterruptedException {
    Path archive = directory.resolve("quickjs.jsa");
    Path image = directory.resolve("quickjs.image");
    try {
      Files.createDirectories(directory);
      Files.deleteIfExists(archive);
      Files.deleteIfExists(image);
      ChildCommand command =
          new ChildCommand(
              ownerLimits,
              false,
              Optional.of(archive.toAbsolutePath()).filter(file -> ChildCommand.archivable()),
              Optional.of(image.toAbsolutePath()));
      if (SilentProgram.succeeds(command.train(), TRAIN_MAX)) {
        return new ChildCommand(
            ownerLimits,
            caged,
            command.archive().filter(Files::exists),
            command.image().filter(Files::exists));
      }
      log.debug("the first child left nothing for others");
    } catch (IOException e) {
      log.debug("children start from the beginning: {}", e.toString());
    }
    return plain(caged);
  }

  @Override
  public Generation start(TaskSpec.Code task) {
    return task.language() == Language.JAVASCRIPT
        ? new QuickJsRun(this, task, ownerLimits)
        : new RefusedRun(
            new EngineException(
                Outcome.Failure.BAD_REQUEST,
                "QuickJS runs JavaScript only, not " + task.language().text()));
  }

  /** A child for one task: the one that waits, if there is one. */
  QuickJsProcess take() throws IOException, InterruptedException {
    synchronized (lock) {
      QuickJsProcess taken = waiting;
      waiting = null;
      if (taken != null && taken.isAlive()) {
        return taken;
      }
    }
    try {
      return starter.submit(this::begin).get();
    } catch (ExecutionException e) {
      throw new IOException("no child: " + e.getMessage(), e);
    } catch (RejectedExecutionException e) {
      throw new IOException("the sandbox is closed", e);
    }
  }

  /** Takes back a child that was given no task. */
  void giveBack(QuickJsProcess unused) {
    synchronized (lock) {
      if (pooled && !closed && waiting == null) {
        waiting = unused;
        return;
      }
    }
    try {
      starter.execute(unused::close);
    } catch (RejectedExecutionException e) {
      unused.close();
    }
  }

  private QuickJsProcess begin() throws IOException {
    ChildCommand current;
    synchronized (lock) {
      current = command;
    }
    return new QuickJsProcess(current, QuickJsChild.Mode.RUN);
  }

  /** Lets a child wait for the next task; called when one has ended, so as not to be in its way. */
  void refill() {
    synchronized (lock) {
      if (!pooled || closed || waiting != null) {
        return;
      }
    }
    try {
      starter.execute(this::startWaiting);
    } catch (RejectedExecutionException e) {
      log.debug("no child waits: the sandbox is closed");
    }
  }

  private void startWaiting() {
    synchronized (lock) {
      if (!closed && waiting == null) {
        try {
          waiting = new QuickJsProcess(command, QuickJsChild.Mode.WAIT);
        } catch (IOException e) {
          log.debug("no child waits: {}", e.toString());
        }
      }
    }
  }

  @Override
  public void close() {
    QuickJsProcess last;
    synchronized (lock) {
      closed = true;
      last = waiting;
      waiting = null;
    }
    starter.shutdown();
    if (last != null) {
      last.close();
    }
  }
}
