package dev.waggle.node.bench;

import dev.waggle.node.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory a node holds. */
final class Resident {
  private Resident() {}

  static long bytes(NodeProcess node) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + node.handle().pid() + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1_024;
      }
    }
    return 0;
  }
}
