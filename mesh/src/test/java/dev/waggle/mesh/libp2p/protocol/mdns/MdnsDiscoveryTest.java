package dev.waggle.mesh.libp2p.protocol.mdns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Multicast stays in a network namespace that the test makes and that goes with its process. */
@Timeout(90)
class MdnsDiscoveryTest {
  private static final String NETWORK = "src/test/network/one-lan.sh";

  private @TempDir Path directory;

  private record Ended(int exitCode, String output) {}

  private Ended inNamespace(String... command) throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "namespace", ".out");
    // A user namespace of its own, too, so that no privilege is needed.
    List<String> all = new ArrayList<>(List.of("unshare", "-r", "-n", "sh", NETWORK));
    all.addAll(List.of(command));
    Process process =
        new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
    process.destroyForcibly();
    return new Ended(ended ? process.exitValue() : -1, Files.readString(output));
  }

  @Test
  void hostsOnOneNetwork_findEachOther() throws Exception {
    Ended possible = inNamespace("true");
    assumeTrue(
        possible.exitCode() == 0,
        () -> "this machine allows no network namespace with a network: " + possible.output());
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Ended met =
        inNamespace(
            java, "-cp", System.getProperty("java.class.path"), MdnsScenario.class.getName());
    assertThat(met.exitCode()).as(met.output()).isZero();
    assertThat(met.output()).contains("met at /ip4/10.77.0.1/tcp/");
  }
}
