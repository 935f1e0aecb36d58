package dev.waggle.worker.sandbox.process;

import dev.waggle.worker.sandbox.SandboxException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** What this machine has for the process sandbox, or what is to be installed. */
record Tools(UnaryOperator<List<String>> change) {
  private static final String NOBODY = "65534";
  private static final Duration HELP_MAX = Duration.ofSeconds(10);
  private static final int HELP_BYTES_MAX = 64 << 10;
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String PROCESSORS = "Cpus_allowed_list:";
  private static final String EFFECTIVE_ROOT = "Uid:\\s+\\d+\\s+0\\s.*";

  /** What runs are put in on this machine. */
  Cage cage() throws SandboxException, IOException, InterruptedException {
    if (!Files.isReadable(STATUS)) {
      throw new SandboxException(
          "the process sandbox is for Linux; use sandbox = docker or quickjs here");
    }
    need("bwrap", "bubblewrap");
    need("tar", "tar");
    need("nice", "coreutils");
    need("sh", "dash");
    for (String each : List.of("setpriv", "prlimit", "taskset")) {
      need(each, "util-linux");
    }
    List<String> status = Files.readAllLines(STATUS);
    boolean root = status.stream().anyMatch(line -> line.matches(EFFECTIVE_ROOT));
    List<String> prefix =
        root
            ? List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups")
            : List.of();
    return new Cage(prefix, help().contains("--disable-userns"), processors(status), change);
  }

  private static void need(String program, String debianPackage) throws SandboxException {
    boolean there =
        Arrays.stream(ProcessSandbox.PATH.split(":", -1))
            .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
    if (!there) {
      throw new SandboxException(
          "the process sandbox needs the program "
              + program
              + " (install it: apt-get install "
              + debianPackage
              + ")");
    }
  }

  private static String help() throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("bwrap", "--help").redirectErrorStream(true);
    builder.environment().put("PATH", ProcessSandbox.PATH);
    Process process = builder.start();
    try {
      byte[] said = process.getInputStream().readNBytes(HELP_BYTES_MAX);
      process.waitFor(HELP_MAX.toMillis(), TimeUnit.MILLISECONDS);
      return new String(said, StandardCharsets.UTF_8);
    } finally {
      process.destroyForcibly();
    }
  }

  /** The processors that this process may use; empty if the kernel does not say. */
  private static List<Integer> processors(List<String> status) {
    List<Integer> processors = new ArrayList<>();
    for (String line : status) {
      if (!line.startsWith(PROCESSORS)) {
        continue;
      }
      for (String range : line.substring(PROCESSORS.length()).strip().split(",", -1)) {
        String[] ends = range.split("-", -1);
        int last = Integer.parseInt(ends[ends.length - 1]);
        for (int i = Integer.parseInt(ends[0]); i <= last; i++) {
          processors.add(i);
        }
      }
    }
    return processors;
  }
}
