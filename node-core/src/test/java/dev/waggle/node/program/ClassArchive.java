package dev.waggle.node.program;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The program's classes as the JVM keeps them in memory, written once beside node.jar, and quick
 * compilation only: the tests start the program some hundred times, and that halves each start.
 */
final class ClassArchive {
  private static final int MAKE_SECONDS_MAX = 60;

  private ClassArchive() {}

  /** Options of the JVM; none where no archive can be made. */
  static synchronized List<String> options(String java, Path jar) {
    Path archive =
        jar.resolveSibling("node-" + Runtime.version().feature() + ".jsa").toAbsolutePath();
    try {
      if (!Files.exists(archive)
          || Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar)) < 0) {
        make(java, jar, archive);
      }
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
    return List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:disable", "-XX:TieredStopAtLevel=1");
  }

  private static void make(String java, Path jar, Path archive)
      throws IOException, InterruptedException {
    Path data = Files.createTempDirectory("waggle-archive");
    Path made = data.resolve("made.jsa");
    Path ready = data.resolve("ready.json");
    List<String> command = new ArrayList<>(List.of(java, "-XX:ArchiveClassesAtExit=" + made));
    command.addAll(List.of("-Xlog:disable", "-jar", jar.toString(), "start"));
    command.addAll(List.of("--data-dir", data.toString(), "--api", "127.0.0.1:0"));
    command.addAll(List.of("--listen", "/ip4/127.0.0.1/tcp/0", "--no-mdns", "--no-ollama"));
    command.addAll(List.of("--no-llama", "--sandbox", "off", "--ready-file", ready.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAKE_SECONDS_MAX);
      while (!Files.exists(ready) && System.nanoTime() < end) {
        if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
          throw new IOException("the program ended with " + process.exitValue());
        }
      }
      process.destroy(); // In order: that is when the archive is written.
      if (!process.waitFor(MAKE_SECONDS_MAX, TimeUnit.SECONDS) || !Files.exists(made)) {
        throw new IOException("no archive was made");
      }
      Files.move(made, archive, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      process.destroyForcibly();
      try (Stream<Path> all = Files.walk(data)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(each);
        }
      }
    }
  }
}
