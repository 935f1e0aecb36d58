package dev.waggle.worker.sandbox.docker;

import dev.waggle.mesh.swarm.exchange.Language;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A Docker engine of the tests: a real one, on a socket of its own in a directory of its own,
 * without a network and with one image. One for each JVM, started when it is first asked for and
 * gone with the JVM. Needs root and Debian's {@code docker.io}.
 */
public final class DockerEngine {
  // Docker forgets an image whose last name is taken away.
  private static final String IMAGE_NAME = "waggle/tests:1";
  private static final Duration START_MAX = Duration.ofSeconds(30);
  private static final Duration STOP_MAX = Duration.ofSeconds(20);
  private static final Duration COMMAND_MAX = Duration.ofMinutes(3);
  private static final long POLL_MILLIS = 100;
  private static final int LOG_CHARACTERS_MAX = 600;

  private static @Nullable DockerEngine engine;
  private static @Nullable String reason;

  private final Path directory;
  private final String image;

  private final Set<Language> languages;

  private DockerEngine(Path directory, String image, Set<Language> languages) {
    this.languages = languages;
    this.directory = directory;
    this.image = image;
  }

  /** Why there is none on this machine; null if there is one. */
  public static synchronized @Nullable String absence() {
    if (engine == null && reason == null) {
      try {
        engine = start();
      } catch (IOException e) {
        reason = "no Docker engine on this machine: " + e.getMessage();
        System.out.println("skipped: " + reason);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        reason = "interrupted while a Docker engine started";
      }
    }
    return reason;
  }

  /** The engine, where {@link #absence} says that there is one. */
  public static synchronized DockerEngine running() {
    if (absence() != null || engine == null) {
      throw new IllegalStateException(String.valueOf(reason));
    }
    return engine;
  }

  /** Where it listens. */
  public String host() {
    return "unix://" + directory.resolve("docker.sock");
  }

  /**
   * The id of its image, which has a shell, Python, and where this machine has them Node and Java.
   */
  public String image() {
    return image;
  }

  /** What its image can run: a shell and Python, and Node and Java if this machine has them. */
  public Set<Language> languages() {
    return languages;
  }

  /** Runs Docker's client against it; returns what it wrote. */
  public String docker(String... arguments) throws IOException, InterruptedException {
    return client(host(), arguments);
  }

  private static String client(String host, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("docker", "-H", host));
    Collections.addAll(command, arguments);
    return output(command);
  }

  private static String output(List<String> command) throws IOException, InterruptedException {
    Path file = Files.createTempFile("waggle-command", ".txt");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(file.toFile())
              .start();
      if (!process.waitFor(COMMAND_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new IOException(command.get(0) + " did not end in time");
      }
      String text = Files.readString(file).strip();
      if (process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + ": " + shortened(text));
      }
      return text;
    } finally {
      Files.delete(file);
    }
  }

  private static String shortened(String text) {
    return text.substring(Math.max(0, text.length() - LOG_CHARACTERS_MAX));
  }

  private static DockerEngine start() throws IOException, InterruptedException {
    if (!System.getProperty("os.name", "").equals("Linux")
        || !output(List.of("id", "-u")).equals("0")) {
      throw new IOException("it can be started by root on Linux only");
    }
    Path directory = Files.createTempDirectory("waggle-docker");
    Path log = directory.resolve("log");
    Process daemon;
    try {
      daemon =
          new ProcessBuilder(
                  "dockerd",
                  "--host=unix://" + directory.resolve("docker.sock"),
                  "--data-root=" + directory.resolve("data"),
                  "--exec-root=" + directory.resolve("exec"),
                  "--pidfile=" + directory.resolve("pid"),
                  "--iptables=false",
                  "--ip6tables=false",
                  "--ip-forward=false",
                  "--bridge=none")
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    } catch (IOException e) {
      remove(directory);
      throw new IOException("dockerd is not installed (Debian's docker.io)", e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(daemon, directory), "docker-stop"));
    String host = "unix://" + directory.resolve("docker.sock");
    long until = System.nanoTime() + START_MAX.toNanos();
    while (true) {
      try {
        client(host, "version");
        break;
      } catch (IOException e) {
        if (daemon.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS) || System.nanoTime() > until) {
          throw new IOException("dockerd did not start: " + shortened(Files.readString(log)), e);
        }
      }
    }
    String image = client(host, "import", imageTar(directory).toString(), IMAGE_NAME);
    String programs =
        client(host, "run", "--rm", "--network=none", image, "/bin/sh", "-c", "ls /usr/bin");
    Set<Language> languages = EnumSet.of(Language.SHELL, Language.PYTHON);
    if (programs.lines().anyMatch("node"::equals)) {
      languages.add(Language.JAVASCRIPT);
    }
    if (programs.lines().anyMatch("java"::equals)) {
      languages.add(Language.JAVA);
    }
    return new DockerEngine(directory, image, languages);
  }

  /** The image's file system; made once for a build, since that takes some seconds. */
  private static Path imageTar(Path directory) throws IOException, InterruptedException {
    Path target = Path.of("target");
    String version = Integer.toString(Runtime.version().feature());
    Path tar =
        (Files.isDirectory(target) ? target.toAbsolutePath() : directory)
            .resolve("sandbox-image-" + version + ".tar");
    if (!Files.exists(tar)) {
      Path script = directory.resolve("image.sh");
      try (InputStream in = DockerEngine.class.getResourceAsStream("image.sh")) {
        if (in == null) {
          throw new IOException("image.sh is not among the tests' resources");
        }
        Files.copy(in, script);
      }
      output(List.of("sh", script.toString(), tar.toString(), System.getProperty("java.home", "")));
    }
    return tar;
  }

  private static void stop(Process daemon, Path directory) {
    daemon.destroy();
    try {
      if (!daemon.waitFor(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        daemon.destroyForcibly();
      }
      for (String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
        String place = line.split(" ", -1)[1];
        if (place.startsWith(directory + "/")) {
          output(List.of("umount", "-l", place));
        }
      }
      remove(directory);
    } catch (IOException | InterruptedException e) {
      System.err.println(directory + " was not removed: " + e);
    }
  }

  private static void remove(Path directory) throws IOException, InterruptedException {
    output(List.of("rm", "-rf", directory.toString()));
  }
}
