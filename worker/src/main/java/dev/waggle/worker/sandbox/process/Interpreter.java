package dev.waggle.worker.sandbox.process;

import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.worker.engine.Digests;
import dev.waggle.worker.sandbox.SilentProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program of this machine that runs code of one language. It is under {@code /usr}, of which
 * every run sees the whole.
 *
 * @param program where it is
 * @param version what it says about itself
 * @param classes whether {@link Cage#CLASSES} has what it loads at each start
 */
record Interpreter(Language language, Path program, String version, boolean classes) {
  private static final Logger log = LoggerFactory.getLogger(Interpreter.class);
  private static final Path USR = Path.of("/usr");
  private static final Path JVMS = USR.resolve("lib/jvm");
  private static final Duration VERSION_MAX = Duration.ofSeconds(20);
  private static final int VERSION_BYTES_MAX = 16 << 10;
  private static final int MIB = 1 << 20;
  private static final Duration TRAIN_MAX = Duration.ofSeconds(30);
  private static final List<String> SMALL_JVM =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:-UsePerfData",
          "-XX:ReservedCodeCacheSize=32m",
          "-XX:CompressedClassSpaceSize=64m");

  /** Those of this machine; starts each of them to ask for its version. */
  static Map<Language, Interpreter> find() throws InterruptedException {
    Map<Language, Interpreter> found = new EnumMap<>(Language.class);
    for (Language language : Language.values()) {
      for (Path program : programs(language)) {
        Optional<String> version = ask(language, program);
        if (version.isPresent()) {
          found.put(language, new Interpreter(language, program, version.get(), false));
          break;
        }
      }
    }
    return found;
  }

  private static List<Path> programs(Language language) {
    List<String> names =
        switch (language) {
          case PYTHON -> List.of("python3");
          case JAVASCRIPT -> List.of("node", "nodejs");
          case SHELL -> List.of("sh");
          case JAVA -> List.of("java");
        };
    List<Path> programs = new ArrayList<>();
    for (String name : names) {
      for (String directory : List.of("bin", "local/bin")) {
        programs.add(USR.resolve(directory).resolve(name));
      }
    }
    if (language == Language.JAVA && Files.isDirectory(JVMS)) {
      try (Stream<Path> homes = Files.list(JVMS)) {
        homes.sorted().map(home -> home.resolve("bin/java")).forEach(programs::add);
      } catch (IOException e) {
        return programs; // What cannot be listed cannot be run either.
      }
    }
    return programs.stream().filter(each -> isUnderUsr(each, language)).toList();
  }

  /** Whether it is there, and still is where nothing but {@code /usr} is. */
  private static boolean isUnderUsr(Path program, Language language) {
    try {
      Path real = program.toRealPath();
      boolean compiles = language != Language.JAVA || Files.exists(real.resolveSibling("javac"));
      return real.startsWith(USR) && Files.isExecutable(real) && compiles;
    } catch (IOException e) {
      return false;
    }
  }

  private static Optional<String> ask(Language language, Path program) throws InterruptedException {
    if (language == Language.SHELL) {
      // The POSIX shell has no way to tell; what it is called in the end says which one it is.
      try {
        return Optional.of(program.toRealPath().getFileName().toString());
      } catch (IOException e) {
        return Optional.empty();
      }
    }
    try {
      Process process =
          new ProcessBuilder(program.toString(), "--version")
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      try {
        if (!process.waitFor(VERSION_MAX.toMillis(), TimeUnit.MILLISECONDS)
            || process.exitValue() != 0) {
          return Optional.empty();
        }
        byte[] said = process.getInputStream().readNBytes(VERSION_BYTES_MAX);
        return Optional.of(new String(said, StandardCharsets.UTF_8).strip());
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * One that starts faster, for Java: its compiler's classes, which every run needs, are read from
   * an archive that is made here. This one, where that does not come about.
   *
   * @param directory gets the archive
   */
  Interpreter trained(Path directory) throws InterruptedException {
    if (language != Language.JAVA) {
      return this;
    }
    Path archive = directory.resolve(Cage.CLASSES);
    try {
      Path source = directory.resolve("Main.java");
      Files.writeString(
          source, "public class Main { public static void main(String[] args) { assert true; } }");
      List<String> command = new ArrayList<>(List.of(program.toString()));
      command.addAll(SMALL_JVM);
      command.addAll(List.of("-XX:ArchiveClassesAtExit=" + archive, source.toString()));
      boolean made = SilentProgram.succeeds(command, TRAIN_MAX) && Files.exists(archive);
      Files.delete(source);
      return new Interpreter(language, program, version, made);
    } catch (IOException e) {
      log.debug("Java starts without an archive: {}", e.toString());
      return this;
    }
  }

  /** {@code sha256:} and 64 hex digits, the same where the same version is in the same place. */
  String digest() {
    return Digests.of(("process\n" + program + "\n" + version).getBytes(StandardCharsets.UTF_8))
        .toString();
  }

  /**
   * What runs a script in the directory of a run.
   *
   * @param script the script's file
   */
  List<String> command(String script, CodeLimits limits) {
    long mebibytes = Math.max(1, limits.memoryBytes() / MIB);
    List<String> command = new ArrayList<>(List.of(program.toString()));
    switch (language) {
      case PYTHON -> command.add("-B"); // What it compiled is of no use after the run.
      case JAVASCRIPT -> command.add("--max-old-space-size=" + Math.max(16, mebibytes * 3 / 4));
      case JAVA -> {
        // The compiler and the program share a heap; the rest is for what is around it.
        command.add("-Xmx" + Math.max(16, mebibytes / 2) + "m");
        command.addAll(SMALL_JVM);
      }
      default -> {}
    }
    if (classes) {
      // Where it does not fit after all, the JVM goes on without, and is not to say so.
      command.addAll(List.of("-XX:SharedArchiveFile=/" + Cage.CLASSES, "-Xlog:disable"));
    }
    command.add(script);
    return command;
  }
}
