package dev.waggle.worker.sandbox.quickjs;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.sandbox.CodeOutput;
import dev.waggle.worker.sandbox.CodeRun;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One script in one child. */
final class QuickJsRun extends CodeRun {
  /** What a JVM returns that ends itself for lack of memory. */
  private static final int JVM_MEMORY_USED_UP = 3;

  private static final Duration HEARD_MAX = Duration.ofSeconds(5);

  private final QuickJsSandbox sandbox;
  private final Map<Integer, List<byte[]>> parts = new TreeMap<>();
  private long partBytes;
  private final CompletableFuture<Void> unwanted = new CompletableFuture<>();
  private final Object lock = new Object();
  private boolean killed;
  private Duration cpuBefore = Duration.ZERO;
  private Duration cpuAtKill = Duration.ZERO;
  private @Nullable QuickJsProcess child;
  private @Nullable Thread hearing;
  private volatile long peakBytes;
  private volatile ChildMessage.@Nullable Ended ended;
  private volatile @Nullable IOException broken;

  QuickJsRun(QuickJsSandbox sandbox, TaskSpec.Code task, CodeLimits ownerLimits) {
    super(task, ownerLimits);
    this.sandbox = sandbox;
  }

  @Override
  protected void begin(CodeOutput output)
      throws EngineException, IOException, InterruptedException {
    QuickJsProcess taken;
    try {
      taken = sandbox.take();
    } catch (IOException e) {
      throw failure(e);
    }
    boolean wanted = false;
    try {
      taken.awaitReady(unwanted);
      synchronized (lock) {
        wanted = !killed;
        child = wanted ? taken : null;
      }
      if (wanted) {
        cpuBefore = taken.cpu();
        onStart();
        taken.send(ChildMessage.Task.of(task(), limits()));
      }
    } catch (IOException e) {
      synchronized (lock) {
        if (!killed) {
          throw failure(e);
        }
      }
    } finally {
      if (!wanted) {
        sandbox.giveBack(taken);
      }
    }
    if (!wanted) {
      output.end();
      return;
    }
    Thread listener = new Thread(() -> hear(taken, output), "quickjs-output");
    listener.setDaemon(true);
    hearing = listener;
    listener.start();
  }

  private static EngineException failure(IOException e) {
    return new EngineException(
        Outcome.Failure.ENGINE, "QuickJS did not start: " + e.getMessage(), e);
  }

  private void hear(QuickJsProcess taken, CodeOutput output) {
    try {
      while (ended == null) {
        ChildMessage next = taken.hear();
        if (next instanceof ChildMessage.Wrote wrote) {
          output.write(wrote.error(), wrote.bytes(), wrote.bytes().length);
        } else if (next instanceof ChildMessage.Part part) {
          keep(part);
        } else if (next instanceof ChildMessage.Holds holds) {
          peakBytes = Math.max(0, Math.min(holds.bytes(), limits().memoryBytes()));
        } else if (next instanceof ChildMessage.Ended end) {
          ended = end;
        } else {
          throw new IOException("the interpreter is ready twice");
        }
      }
    } catch (EOFException e) {
      // Its exit code says why.
    } catch (IOException e) {
      broken = e;
    } finally {
      taken.kill();
      output.end();
    }
  }

  private void keep(ChildMessage.Part part) throws IOException {
    partBytes += part.bytes().length;
    if (part.index() < 0 || part.index() >= task().collect().size()) {
      throw new IOException("a file that nobody asked for");
    }
    if (partBytes > limits().diskBytes()) {
      throw new IOException("more files than the task may have");
    }
    parts.computeIfAbsent(part.index(), none -> new ArrayList<>()).add(part.bytes());
  }

  @Override
  protected Ending await() throws EngineException, IOException, InterruptedException {
    QuickJsProcess taken = child;
    Thread listener = hearing;
    if (taken == null || listener == null) {
      return new Ending(KILLED, Duration.ZERO, 0);
    }
    listener.join(HEARD_MAX.toMillis());
    ChildMessage.Ended end = ended;
    if (end != null) {
      if (end.memory()) {
        stop(ExitReport.End.MEMORY);
      }
      return new Ending(
          end.code() & 0xff,
          Duration.ofNanos(Math.max(0, end.cpuNanos())),
          Math.max(0, Math.min(end.peakBytes(), limits().memoryBytes())));
    }
    synchronized (lock) {
      if (killed) {
        return new Ending(KILLED, cpuAtKill, peakBytes);
      }
    }
    if (broken != null) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "QuickJS speaks in riddles: " + broken.getMessage(), broken);
    }
    int code = taken.awaitExit();
    if (code == JVM_MEMORY_USED_UP) {
      stop(ExitReport.End.MEMORY);
      return new Ending(KILLED, Duration.ZERO, limits().memoryBytes());
    }
    throw new EngineException(Outcome.Failure.ENGINE, "QuickJS ended without a word, with " + code);
  }

  @Override
  protected void collect(Output reader) throws IOException, InterruptedException {
    for (Map.Entry<Integer, List<byte[]>> each : parts.entrySet()) {
      String path = task().collect().get(each.getKey());
      List<byte[]> all = each.getValue();
      for (int i = 0; i < all.size(); i++) {
        reader.chunk(new Chunk.Artifact(path, Bytes.of(all.get(i)), i == all.size() - 1));
      }
    }
  }

  @Override
  protected void kill() {
    synchronized (lock) {
      if (child != null && !killed) {
        cpuAtKill = child.cpu().minus(cpuBefore);
        if (cpuAtKill.isNegative()) {
          cpuAtKill = Duration.ZERO;
        }
        child.kill();
      }
      killed = true;
    }
    unwanted.complete(null);
  }

  @Override
  protected void remove() {
    if (child != null) {
      child.close();
    }
    parts.clear();
    sandbox.refill();
  }
}
