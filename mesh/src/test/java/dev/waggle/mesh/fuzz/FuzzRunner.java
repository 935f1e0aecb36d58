package dev.waggle.mesh.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Runs each target under Jazzer, two at a time, and fails when one finds something.
 *
 * <p>Arguments: seconds for each target, then the targets' names; without names, all.
 */
public final class FuzzRunner {
  private static final int AT_ONCE = 2;

  /**
   * 0 is another one each time; a gate uses a fixed one, so that it says the same of one commit.
   */
  private static final String SEED = Optional.ofNullable(System.getenv("FUZZ_SEED")).orElse("0");

  private FuzzRunner() {}

  public static void main(String[] arguments) throws Exception {
    int seconds = Integer.parseInt(arguments[0]);
    List<FuzzTarget> targets = new ArrayList<>();
    for (int i = 1; i < arguments.length; i++) {
      String name = arguments[i];
      targets.add(
          FuzzTargets.find(name)
              .orElseThrow(() -> new IllegalArgumentException("no target " + name)));
    }
    Path directory = Files.createTempDirectory("fuzz");
    ExecutorService pool = Executors.newFixedThreadPool(AT_ONCE);
    boolean good = true;
    try {
      List<Future<Boolean>> runs = new ArrayList<>();
      for (FuzzTarget target : targets.isEmpty() ? FuzzTargets.ALL : targets) {
        runs.add(pool.submit(() -> run(target, seconds, directory)));
      }
      for (Future<Boolean> run : runs) {
        good &= run.get();
      }
    } finally {
      pool.shutdownNow();
      delete(directory);
    }
    System.exit(good ? 0 : 1);
  }

  private static boolean run(FuzzTarget target, int seconds, Path directory) throws Exception {
    Path own = Files.createDirectory(directory.resolve(target.name()));
    Path corpus = Files.createDirectory(own.resolve("corpus"));
    int number = 0;
    for (byte[] seed : target.seeds()) {
      Files.write(corpus.resolve("seed" + number++), seed);
    }
    Path output = own.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Dfuzz.target=" + target.name(),
                "-XX:+EnableDynamicAgentLoading",
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + FuzzEntry.class.getName(),
                "--instrumentation_includes=dev.waggle.**",
                "--custom_hook_includes=dev.waggle.**",
                "-max_total_time=" + seconds,
                "-seed=" + SEED,
                "-max_len=4096",
                "-artifact_prefix=" + own + "/",
                corpus.toString())
            .directory(own.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int exit = process.waitFor();
    List<String> said = Files.readAllLines(output);
    String last =
        said.stream()
            .filter(line -> line.startsWith("Done ") || line.contains("DONE"))
            .reduce((first, second) -> second)
            .orElse("");
    synchronized (FuzzRunner.class) {
      System.out.println(target.name() + ": " + (exit == 0 ? last : "FAILED, exit " + exit));
      if (exit != 0) {
        said.stream().skip(Math.max(0, said.size() - 60)).forEach(System.out::println);
      }
    }
    return exit == 0;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      all.sorted(Comparator.reverseOrder())
          .forEach(
              path -> {
                try {
                  Files.delete(path);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }
}
