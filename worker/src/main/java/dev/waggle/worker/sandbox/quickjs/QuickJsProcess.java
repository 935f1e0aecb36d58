package dev.waggle.worker.sandbox.quickjs;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The child JVM of one script, seen from its node. */
final class QuickJsProcess implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(QuickJsProcess.class);
  private static final Duration EXIT_MAX = Duration.ofSeconds(5);
  private static final Duration READY_MAX = Duration.ofSeconds(20);

  private final Process process;
  private final DataInputStream in;
  private final DataOutputStream out;

  private final CompletableFuture<Void> ready = new CompletableFuture<>();

  /** Starts a child, which then prepares itself. */
  QuickJsProcess(ChildCommand command, QuickJsChild.Mode mode) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command.run(mode));
    boolean windows =
        System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
    // Nothing on Windows starts without it.
    builder.environment().keySet().removeIf(name -> !(windows && name.equals("SystemRoot")));
    if (command.caged()) {
      builder.environment().put("PATH", "/usr/local/bin:/usr/bin:/bin");
    }
    process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
    Thread hearing = new Thread(this::hearReady, "quickjs-ready");
    hearing.setDaemon(true);
    hearing.start();
  }

  private void hearReady() {
    try {
      if (!(ChildMessage.read(in) instanceof ChildMessage.Ready)) {
        throw new IOException("it said something else");
      }
      ready.complete(null);
    } catch (IOException e) {
      ready.completeExceptionally(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Waits until it is ready for its task, or is not wanted any more.
   *
   * @param unwanted completed when it is not
   * @throws IOException if it is not ready in time, or ended
   */
  void awaitReady(CompletableFuture<Void> unwanted) throws IOException, InterruptedException {
    try {
      CompletableFuture.anyOf(ready, unwanted).get(READY_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException("the interpreter ended before it was ready", e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("the interpreter was not ready within " + READY_MAX, e);
    }
  }

  void send(ChildMessage.Task task) throws IOException {
    task.write(out);
  }

  /** The next message; blocks. */
  ChildMessage hear() throws IOException {
    return ChildMessage.read(in);
  }

  /** What it and what it started have taken so far. */
  Duration cpu() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants())
        .flatMap(each -> each.info().totalCpuDuration().stream())
        .reduce(Duration.ZERO, Duration::plus);
  }

  /** What it returned once it has ended. */
  int awaitExit() throws IOException, InterruptedException {
    if (!process.waitFor(EXIT_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IOException("the interpreter does not end");
    }
    return process.exitValue();
  }

  /** Ends one that is ready, at once. Does not wait. */
  void kill() {
    process.destroyForcibly();
  }

  /** Ends it and waits for that. */
  @Override
  public void close() {
    try {
      // A cage that is still being built does not yet take with it what is in it.
      awaitReady(new CompletableFuture<>());
    } catch (IOException e) {
      log.debug("a child was not ready when it was ended: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    kill();
    try {
      if (!process.waitFor(EXIT_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("the interpreter {} does not end", process.pid());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
