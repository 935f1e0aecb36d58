package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.node.process.NodeProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the command line says when things are wrong, and how it ends. */
@Timeout(90)
class CommandLineIT {
  private @TempDir Path directory;
  private Program program;

  @BeforeEach
  void start() {
    program = new Program(directory);
  }

  @AfterEach
  void stop() {
    program.close();
  }

  /** A failed command says one line and shows nothing of its insides. */
  private static void assertFailed(Program.Ended ended, int exitCode, String... parts) {
    assertThat(ended.exitCode()).as(ended.err()).isEqualTo(exitCode);
    assertThat(ended.err()).contains(parts).doesNotContain("\tat ").doesNotContain("Exception");
    assertThat(ended.err().lines().filter(line -> line.startsWith("waggle: "))).hasSize(1);
  }

  private Program.Ended startAt(Path data, String... more) throws Exception {
    String[] all = new String[more.length + 8];
    String[] base = {
      "start",
      "--data-dir",
      data.toString(),
      "--no-mdns",
      "--no-ollama",
      "--no-llama",
      "--listen",
      "/ip4/127.0.0.1/tcp/0"
    };
    System.arraycopy(base, 0, all, 0, base.length);
    System.arraycopy(more, 0, all, base.length, more.length);
    return program.run(all);
  }

  @Test
  void wrongUse_isExitCode2() throws Exception {
    assertFailed(program.run("dance"), 2, "dance");
    assertFailed(program.run("start", "--prot", "1"), 2, "--prot");
    assertFailed(program.run("join"), 2, "TOKEN");
    assertFailed(program.run(), 2, "say what to do");
    assertThat(program.run("--help").out()).contains("invite").contains("Exit codes");
    assertThat(program.run("start", "--help").out()).contains("--ready-file");
  }

  @Test
  void version_needsNoNode() throws Exception {
    assertThat(program.run("version", "--json").json().path("version").asText()).isNotEmpty();
    assertThat(program.run("version").out()).startsWith("waggle ");
  }

  @Test
  void commands_withoutANode_areExitCode3() throws Exception {
    Path data = directory.resolve("none");
    for (String command : new String[] {"status", "peers", "models", "members", "invite"}) {
      assertFailed(
          program.run(command, "--data-dir", data.toString()),
          3,
          "no node is running",
          "waggle start");
    }
    assertFailed(
        program.run("ledger", "verify", "--data-dir", data.toString()), 1, "does not exist");
  }

  @Test
  void mistakesInTheConfiguration_areNamed() throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    Files.writeString(data.resolve("config.toml"), "[worker]\nslotz = 1\n");
    assertFailed(
        startAt(data), 2, "config.toml, line 2", "worker.slotz", "did you mean \"worker.slots\"");
    Files.writeString(data.resolve("config.toml"), "");
    assertFailed(startAt(data, "--api", "nowhere"), 2, "--api", "host:port");
    assertFailed(startAt(data, "--peer", "/ip4/127.0.0.1/tcp/1"), 2, "--peer", "peer id");
    assertFailed(startAt(data, "--slots", "-1"), 2, "--slots", "0 to 64");
    assertFailed(startAt(data, "--api", "0.0.0.0:0"), 2, "needs a key");
  }

  @Test
  void takenPorts_areNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertFailed(
          startAt(directory.resolve("a"), "--api", "127.0.0.1:" + port),
          1,
          "127.0.0.1:" + port,
          "--api");
      assertFailed(
          startAt(
              directory.resolve("b"),
              "--listen",
              "/ip4/127.0.0.1/tcp/" + port,
              "--api",
              "127.0.0.1:0"),
          1,
          "tcp/" + port,
          "--listen");
    }
  }

  @Test
  void dataDirectoriesThatCannotBeUsed_areNamed() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "");
    assertFailed(startAt(file), 1, file.toString(), "--data-dir");

    NodeProcess running = program.start("running", Optional.empty());
    assertFailed(
        startAt(running.dataDirectory(), "--api", "127.0.0.1:0"), 1, "in use by another node");
    running.close();
    Path ledger = running.dataDirectory().resolve("ledger.mv.db");
    String url = "jdbc:h2:file:" + ledger.toString().replace(".mv.db", "");
    try (Connection locked = DriverManager.getConnection(url, "waggle", "")) {
      assertThat(locked.isClosed()).isFalse();
      assertFailed(
          startAt(running.dataDirectory(), "--api", "127.0.0.1:0"),
          1,
          "ledger.mv.db is in use by another process");
    }
    Path identity = running.dataDirectory().resolve("identity.secret");
    Files.setPosixFilePermissions(
        identity, java.nio.file.attribute.PosixFilePermissions.fromString("rw-rw-rw-"));
    assertFailed(startAt(running.dataDirectory(), "--api", "127.0.0.1:0"), 1, "chmod 600");
  }

  @Test
  void invitesThatDoNotHold_areRefusedWithTheReason() throws Exception {
    NodeProcess issuer = program.start("issuer", Optional.empty());
    NodeProcess first = program.start("first", Optional.empty());
    NodeProcess second = program.start("second", Optional.empty());
    String token = program.at(issuer, "invite", "--json").json().path("token").asText();
    assertThat(program.at(first, "join", token).exitCode()).isZero();
    assertFailed(program.at(second, "join", token), 1, "was used already");
    assertFailed(program.at(second, "join", token.substring(0, 60)), 1, "incomplete");
    assertFailed(program.at(second, "join", "hello"), 1, "is no invite");
    assertFailed(program.at(issuer, "join", token), 1, "made the invite itself");
    assertFailed(program.at(first, "join", token), 1, "member of that swarm already");

    String expired =
        program.at(issuer, "invite", "--json", "--expires", "1s").json().path("token").asText();
    long made = System.nanoTime();
    await().until(() -> System.nanoTime() - made > TimeUnit.SECONDS.toNanos(2));
    assertFailed(program.at(second, "join", expired), 1, "has expired");

    // A member that is no admin cannot invite, and one with companions cannot leave.
    assertFailed(program.at(first, "invite"), 1, "no admin");
    String foreign = program.at(second, "invite", "--json").json().path("token").asText();
    assertFailed(program.at(first, "join", foreign), 1, "belongs to a swarm with 1 other member");

    String late = program.at(issuer, "invite", "--json").json().path("token").asText();
    issuer.close();
    assertFailed(program.at(second, "join", late), 1, "cannot be reached now");
    assertFailed(program.at(second, "invite", "--expires", "soon"), 2, "30m, 24h or 7d");
    assertFailed(program.at(second, "invite", "--expires", "31d"), 1, "at most 30 days");
  }

  @Test
  void signalToEnd_stopsTheNodeInOrder() throws Exception {
    NodeProcess node = program.start("node", Optional.empty());
    assertThat(node.handle().destroy()).isTrue();
    node.handle().onExit().get(10, TimeUnit.SECONDS);
    assertThat(node.dataDirectory().resolve("node.json")).doesNotExist();
    assertThat(program.at(node, "status").exitCode()).isEqualTo(3);
    assertThat(logOf(node)).contains("is ready").doesNotContain("did not close in order");
  }

  private static String logOf(NodeProcess node) throws IOException {
    return Files.readString(node.dataDirectory().resolve("logs/node.log"));
  }
}
