package dev.waggle.worker.sandbox.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Ulimit;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import java.util.List;
import java.util.Map;

/**
 * The container of one task: without a network, a capability or a way to either, as nobody, on a
 * file system that it can only read, but for directories in memory.
 *
 * @param image as {@link PinnedImage#reference}
 * @param inputBytes that the task brings with it beyond its files
 */
record ContainerPlan(
    String image,
    EntryScript entry,
    CodeLimits limits,
    long inputBytes,
    Map<String, String> labels) {
  /**
   * Where a task is unpacked and runs. A directory of this name in an image would give its owner to
   * the one that is laid over it.
   */
  static final String DIRECTORY = "/waggle-task";

  private static final String CALLS = JarText.read("seccomp.json");
  private static final String NOBODY = "65534:65534";
  private static final long ONE_CPU_NANOS = 1_000_000_000L;
  // The entry needs itself, and two to unpack the task.
  private static final int ENTRY_PROCESSES = 1;
  private static final int UNPACK_PROCESSES = 2;
  // A file takes whole pages of memory.
  private static final long PAGE_BYTES = 4_096;
  private static final long OPEN_FILES_MAX = 1_024;

  CreateContainerCmd fill(CreateContainerCmd command) {
    HostConfig host =
        HostConfig.newHostConfig()
            .withNetworkMode("none")
            .withIpcMode("private")
            .withReadonlyRootfs(true)
            .withPrivileged(false)
            .withCapDrop(Capability.ALL)
            // Stricter than the default filters of engines, which differ by their age.
            .withSecurityOpts(List.of("no-new-privileges", "seccomp=" + CALLS))
            .withMemory(limits.memoryBytes())
            .withMemorySwap(limits.memoryBytes())
            .withNanoCPUs(ONE_CPU_NANOS)
            .withPidsLimit((long) ENTRY_PROCESSES + Math.max(UNPACK_PROCESSES, limits.processes()))
            .withShmSize(Math.max(PAGE_BYTES, limits.diskBytes() / 2))
            .withTmpFs(
                Map.of(
                    DIRECTORY,
                    directory(limits.diskBytes() + rounded(inputBytes)),
                    "/tmp",
                    directory(limits.diskBytes())))
            .withUlimits(
                List.of(
                    new Ulimit("core", 0L, 0L),
                    new Ulimit("nofile", OPEN_FILES_MAX, OPEN_FILES_MAX)))
            // What the host knows of its network is nobody's business.
            .withDns("127.0.0.1")
            .withDnsSearch(".")
            // The engine's log would take the whole output, without a limit.
            .withLogConfig(new LogConfig(LogConfig.LoggingType.NONE));
    return command
        .withHostConfig(host)
        .withNetworkDisabled(true)
        .withUser(NOBODY)
        .withHostName("task")
        .withWorkingDir("/")
        .withEntrypoint("sh")
        .withCmd(entry.arguments())
        .withEnv("HOME=" + DIRECTORY, "TMPDIR=/tmp", "LANG=C.UTF-8")
        .withHealthcheck(new HealthCheck().withTest(List.of("NONE")))
        .withStdinOpen(true)
        .withStdInOnce(true)
        .withAttachStdin(true)
        .withAttachStdout(true)
        .withAttachStderr(true)
        .withLabels(labels);
  }

  private static String directory(long bytes) {
    return "rw,exec,nosuid,nodev,mode=1777,size=" + bytes;
  }

  private static long rounded(long bytes) {
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  }
}
