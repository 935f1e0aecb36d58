package dev.waggle.worker.sandbox.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The processes of one run, seen from outside through the {@code /proc} of their own namespace:
 * there are no others in it, whoever their parents are, and code cannot hide from it.
 */
final class Inmates {
  private static final Path PROC = Path.of("/proc");
  private static final int KIB = 1 << 10;

  // The kernel counts processor time in these.
  private static final Duration TICK = Duration.ofMillis(10);

  private final long first;
  private final Path proc;

  private Inmates(long first) {
    this.first = first;
    this.proc = PROC.resolve(Long.toString(first)).resolve("root/proc");
  }

  /** Memory in bytes, and the processor time until now. */
  record Sample(long bytes, Duration cpu) {}

  /** Finds them, once they are there, below the process that was started for the run. */
  static Optional<Inmates> of(ProcessHandle started) {
    return started
        .descendants()
        .filter(each -> isFirst(each.pid()))
        .findFirst()
        .map(each -> new Inmates(each.pid()))
        .filter(Inmates::isMovedIn);
  }

  /**
   * Whether what is there is the {@code /proc} of their namespace. Until bubblewrap has changed its
   * root it is this machine's, with all that runs on it, and with this process as {@code self}; in
   * theirs this process does not exist.
   */
  private boolean isMovedIn() {
    try {
      Files.readSymbolicLink(proc.resolve("self"));
      return false;
    } catch (IOException e) {
      return Files.isDirectory(proc.resolve("1"));
    }
  }

  /** Whether it is the first process of a namespace within ours. */
  private static boolean isFirst(long pid) {
    try {
      for (String line : Files.readAllLines(PROC.resolve(pid + "/status"))) {
        if (line.startsWith("NSpid:")) {
          String[] ids = line.substring("NSpid:".length()).strip().split("\\s+", -1);
          return ids.length > 1 && ids[ids.length - 1].equals("1");
        }
      }
    } catch (IOException e) {
      // It ended meanwhile.
    }
    return false;
  }

  /** Ends all of them: the kernel does, when the first is gone. */
  void kill() {
    ProcessHandle.of(first).ifPresent(ProcessHandle::destroyForcibly);
  }

  /**
   * What they use. Memory that several of them share counts for each; see {@link #fairBytes}.
   *
   * @throws IOException if they are gone
   */
  Sample sample() throws IOException {
    long bytes = 0;
    long ticks = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path each : all) {
        try {
          bytes += kibibytes(each, "status", "RssAnon:", "RssShmem:", "VmPTE:", "VmSwap:");
          ticks += ticks(each);
        } catch (IOException e) {
          // It ended meanwhile.
        }
      }
    }
    return new Sample(bytes * KIB, TICK.multipliedBy(ticks));
  }

  /**
   * Memory in bytes, where several share some of it a part for each; slower, so no further than up
   * to a limit that it exceeds.
   */
  long fairBytes(long limitBytes) throws IOException {
    long bytes = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path each : all) {
        try {
          bytes += kibibytes(each, "smaps_rollup", "Pss_Anon:", "Pss_Shmem:", "SwapPss:");
          bytes += kibibytes(each, "status", "VmPTE:");
          if (bytes * KIB > limitBytes) {
            break;
          }
        } catch (IOException e) {
          // It ended meanwhile.
        }
      }
    }
    return bytes * KIB;
  }

  private static long kibibytes(Path process, String file, String... names) throws IOException {
    long sum = 0;
    String text = Files.readString(process.resolve(file), StandardCharsets.ISO_8859_1);
    for (String name : names) {
      int at = text.indexOf("\n" + name);
      if (at >= 0) {
        int end = text.indexOf(" kB", at);
        sum += Long.parseLong(text.substring(at + 1 + name.length(), end).strip());
      }
    }
    return sum;
  }

  /** Its own processor time, and that of its children that have ended. */
  private static long ticks(Path process) throws IOException {
    String text = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
    // The name before may have anything in it; from the third on all are numbers.
    String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
    long sum = 0;
    for (int i = 11; i <= 14; i++) {
      sum += Long.parseLong(fields[i]);
    }
    return sum;
  }
}
