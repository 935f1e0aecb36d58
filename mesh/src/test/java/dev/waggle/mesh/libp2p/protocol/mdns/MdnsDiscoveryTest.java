package dev.waggle.mesh.libp2p.protocol.mdns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Multicast stays in a network namespace that the test makes and that goes with its process. */
@Timeout(90)
class MdnsDiscoveryTest {
  private static final String NETWORK =
      "ip link set lo up"
          + " && { ip link add bees type dummy || ip link add bees type veth peer name hive; }"
          + " && ip address add 10.77.0.1/24 dev bees"
          + " && ip link set bees multicast on up"
          + " && { ip link set hive up 2>/dev/null || true; }"
          + " && ip route add 224.0.0.0/4 dev bees";

  private @TempDir Path directory;

  private record Ended(int exitCode, String output) {}

  private Ended inNamespace(String script) throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "namespace", ".out");
    // A user namespace of its own, too, so that no privilege is needed.
    Process process =
        new ProcessBuilder(List.of("unshare", "-r", "-n", "sh", "-c", script))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
    process.destroyForcibly();
    return new Ended(ended ? process.exitValue() : -1, Files.readString(output));
  }

  @Test
  void hostsOnOneNetwork_findEachOther() throws Exception {
    Ended possible = inNamespace(NETWORK);
    assumeTrue(
        possible.exitCode() == 0,
        () -> "this machine allows no network namespace with a network: " + possible.output());
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Ended met =
        inNamespace(
            NETWORK
                + " && exec "
                + java
                + " -cp '"
                + System.getProperty("java.class.path")
                + "' "
                + MdnsScenario.class.getName());
    assertThat(met.exitCode()).as(met.output()).isZero();
    assertThat(met.output()).contains("met at /ip4/10.77.0.1/tcp/");
  }
}
