package dev.waggle.worker.sandbox;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program of this node's own that is run for the files that it leaves, and heard by nobody. */
public final class SilentProgram {
  private SilentProgram() {}

  /**
   * Runs a program to its end, without input and environment.
   *
   * @param most how long it may take; it is ended then
   * @return whether it ended well in that time
   */
  public static boolean succeeds(List<String> command, Duration most)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().clear();
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      return process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS) && process.exitValue() == 0;
    } finally {
      process.destroyForcibly();
    }
  }
}
