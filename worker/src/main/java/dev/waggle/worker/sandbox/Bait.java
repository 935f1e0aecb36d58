package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Language;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What attacks on a sandbox are after, and the scripts that are after it. */
final class Bait implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Bait.class);

  // What a sandbox has in its own environment says nothing about the host's.
  private static final Set<String> OWN_NAMES =
      Set.of("PATH", "HOME", "LANG", "PWD", "OLDPWD", "SHLVL", "_", "HOSTNAME", "TERM", "USER");

  private static final int NAMES_MAX = 64;
  private static final Duration PROCESS_END_MAX = Duration.ofSeconds(1);
  private static final long PROCESS_CHECK_MILLIS = 50;

  private final String content = mark();
  private @Nullable Path directory;
  private @Nullable ServerSocket loopback;
  private @Nullable ServerSocket lan;

  /** A name that no process has. */
  static String mark() {
    byte[] bytes = new byte[12];
    new SecureRandom().nextBytes(bytes);
    return "bait" + HexFormat.of().formatHex(bytes);
  }

  void lay() throws IOException {
    try {
      directory = Files.createTempDirectory("waggle-bait");
      Files.writeString(file(), content);
      // Readable and writable for anybody, so that nothing but the sandbox is in the way.
      directory.toFile().setReadable(true, false);
      directory.toFile().setWritable(true, false);
      directory.toFile().setExecutable(true, false);
      file().toFile().setReadable(true, false);
      // Nobody accepts: a connection stands as soon as the kernel has it.
      loopback = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
      @Nullable InetAddress address = lanAddress();
      if (address != null) {
        lan = new ServerSocket(0, 0, address);
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private static @Nullable InetAddress lanAddress() throws IOException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(each -> each instanceof Inet4Address && !each.isLoopbackAddress())
        .findFirst()
        .orElse(null);
  }

  private Path file() {
    if (directory == null) {
      throw new IllegalStateException("there is no bait");
    }
    return directory.resolve("bait");
  }

  String script(Language language) {
    return text("attack" + language.file().substring(language.file().lastIndexOf('.')));
  }

  /** What a file beside this class says. */
  static String text(String name) {
    try (InputStream in = Bait.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(name + " cannot be read from the jar", e);
    }
  }

  /**
   * What a script is called with.
   *
   * @param mark what a process that it leaves behind has in its command line
   */
  List<String> arguments(String attack, long amount, String mark) {
    String names =
        System.getenv().keySet().stream()
            .filter(each -> !OWN_NAMES.contains(each) && each.matches("\\w+"))
            .sorted()
            .limit(NAMES_MAX)
            .collect(Collectors.joining(","));
    return List.of(
        attack,
        file().toString(),
        loopback == null ? "1" : Integer.toString(loopback.getLocalPort()),
        lan == null ? "none" : lan.getInetAddress().getHostAddress(),
        lan == null ? "1" : Integer.toString(lan.getLocalPort()),
        names.isEmpty() ? "none" : names,
        mark,
        Long.toString(amount));
  }

  /** Whether a process that an attack marked still runs after some time. */
  static boolean runs(String mark) throws InterruptedException {
    long until = System.nanoTime() + PROCESS_END_MAX.toNanos();
    while (found(mark)) {
      if (System.nanoTime() > until) {
        return true;
      }
      Thread.sleep(PROCESS_CHECK_MILLIS);
    }
    return false;
  }

  /** Looks where Linux has its processes; elsewhere sandboxes can start none. */
  private static boolean found(String mark) {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path each : processes) {
        try {
          if (Files.readString(each.resolve("cmdline"), StandardCharsets.ISO_8859_1)
              .contains(mark)) {
            return true;
          }
        } catch (IOException e) {
          // It ended meanwhile.
        }
      }
    } catch (IOException e) {
      log.debug("no processes to look at: {}", e.toString());
    }
    return false;
  }

  @Override
  public void close() {
    try {
      if (loopback != null) {
        loopback.close();
      }
      if (lan != null) {
        lan.close();
      }
      if (directory != null) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
          for (Path each : all) {
            Files.delete(each);
          }
        }
        Files.deleteIfExists(directory);
      }
    } catch (IOException e) {
      log.debug("bait was not taken away: {}", e.toString());
    }
  }
}
