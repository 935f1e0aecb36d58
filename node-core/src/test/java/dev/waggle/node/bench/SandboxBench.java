package dev.waggle.node.bench;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.sandbox.Sandbox;
import dev.waggle.worker.sandbox.SandboxException;
import dev.waggle.worker.sandbox.docker.DockerEngine;
import dev.waggle.worker.sandbox.docker.DockerSandbox;
import dev.waggle.worker.sandbox.process.ProcessSandbox;
import dev.waggle.worker.sandbox.quickjs.QuickJsSandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Prints how long an empty script takes in each sandbox of this machine, beside the same
 * interpreter without one, in turns in the same run.
 */
public final class SandboxBench {
  private static final int WARM_UP = 10;
  private static final int RUNS = 100;

  // Where each takes its time.
  private static final int RUNS_FEW = 20;
  private static final Duration REST = Duration.ofSeconds(1);

  private static final Map<Language, String> BARE =
      new EnumMap<>(
          Map.of(
              Language.PYTHON, "/usr/bin/python3",
              Language.JAVASCRIPT, "/usr/bin/node",
              Language.SHELL, "/usr/bin/sh",
              Language.JAVA, "/usr/bin/java"));

  private SandboxBench() {}

  /** Something that is done again and again. */
  private interface Work {
    void run() throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    System.out.printf("Java %s%n", Runtime.version());
    try (Scratch scratch = new Scratch()) {
      measure(new ProcessSandbox(scratch.resolve("process"), CodeLimits.DEFAULT), scratch, false);
      if (DockerEngine.absence() == null) {
        measure(docker(scratch), scratch, false);
      } else {
        System.out.println("sandbox docker: not measured: " + DockerEngine.absence());
      }
      for (boolean pooled : new boolean[] {false, true}) {
        System.out.println(pooled ? "a child waits for each task:" : "no child waits:");
        Path directory = scratch.resolve("quickjs" + pooled);
        measure(new QuickJsSandbox(CodeLimits.DEFAULT, directory, pooled), scratch, pooled);
      }
    }
    System.exit(0); // The engine's pipes have threads.
  }

  private static Sandbox docker(Scratch scratch) {
    DockerEngine engine = DockerEngine.running();
    Map<Language, String> images = new EnumMap<>(Language.class);
    engine.languages().forEach(each -> images.put(each, engine.image()));
    return new DockerSandbox(
        images, CodeLimits.DEFAULT, scratch.resolve("docker"), "bench", Optional.of(engine.host()));
  }

  /**
   * @param resting whether there is time between two tasks to get ready for the next
   */
  private static void measure(Sandbox sandbox, Scratch scratch, boolean resting) throws Exception {
    try (sandbox) {
      long began = System.nanoTime();
      Map<Language, String> proved = sandbox.prove();
      System.out.printf(
          "sandbox %s: proved in %.1f s for %s%n",
          sandbox.name(), (System.nanoTime() - began) / 1e9, proved.keySet());
      for (Language language : proved.keySet()) {
        measure(sandbox, language, scratch, resting);
      }
    } catch (SandboxException e) {
      System.out.printf("sandbox %s: not measured: %s%n", sandbox.name(), e.getMessage());
    }
  }

  private static void measure(Sandbox sandbox, Language language, Scratch scratch, boolean resting)
      throws Exception {
    String source =
        language == Language.JAVA
            ? "public class Main { public static void main(String[] args) {} }"
            : "";
    Path script = scratch.resolve(language.file());
    Files.writeString(script, source);
    String program = Objects.requireNonNull(BARE.get(language));
    int runs = language == Language.JAVA || resting ? RUNS_FEW : RUNS;
    double[] boxed = new double[runs];
    double[] bare = new double[runs];
    for (int i = -Math.min(WARM_UP, runs); i < runs; i++) {
      if (resting) {
        TimeUnit.NANOSECONDS.sleep(REST.toNanos());
      }
      double one = millis(() -> run(sandbox, new TaskSpec.Code(language, source)));
      double other = Files.exists(Path.of(program)) ? millis(() -> run(program, script)) : 0;
      if (i >= 0) {
        boxed[i] = one;
        bare[i] = other;
      }
    }
    Arrays.sort(boxed);
    Arrays.sort(bare);
    System.out.printf(
        "sandbox %s, %s: p50 %.1f ms, p99 %.1f ms; bare p50 %.1f ms, p99 %.1f ms; overhead %.1f ms%n",
        sandbox.name(),
        language.text(),
        at(boxed, 0.5),
        at(boxed, 0.99),
        at(bare, 0.5),
        at(bare, 0.99),
        at(boxed, 0.5) - at(bare, 0.5));
  }

  private static double at(double[] sorted, double part) {
    return sorted[(int) (part * (sorted.length - 1))];
  }

  private static double millis(Work work) throws Exception {
    long began = System.nanoTime();
    work.run();
    return (System.nanoTime() - began) / 1e6;
  }

  private static void run(Sandbox sandbox, TaskSpec.Code task) throws Exception {
    sandbox
        .start(task)
        .run(
            chunk -> {
              if (chunk instanceof Chunk.Exit exit && !exit.report().succeeded()) {
                throw new IOException("the script failed: " + exit.report());
              }
            });
  }

  private static void run(String program, Path script) throws Exception {
    Process process = new ProcessBuilder(List.of(program, script.toString())).start();
    process.getOutputStream().close();
    process.getInputStream().readAllBytes();
    if (process.waitFor() != 0) {
      throw new IOException(program + " failed");
    }
  }
}
