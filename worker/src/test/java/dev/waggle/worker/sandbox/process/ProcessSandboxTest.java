package dev.waggle.worker.sandbox.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.sandbox.CodeResult;
import dev.waggle.worker.sandbox.Sandbox;
import dev.waggle.worker.sandbox.SandboxCompliance;
import dev.waggle.worker.sandbox.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real bubblewrap, as an ordinary user: as the node's, or where that is root, as nobody. */
class ProcessSandboxTest extends SandboxCompliance {
  @TempDir static Path directory;

  private static ProcessSandbox sandbox;
  private static Map<Language, String> proved;

  @BeforeAll
  static void prove() throws Exception {
    sandbox = new ProcessSandbox(directory.resolve("sandbox"), OWNER);
    proved = sandbox.prove();
  }

  @AfterAll
  static void close() {
    sandbox.close();
  }

  @Override
  protected Sandbox sandbox() {
    return sandbox;
  }

  @Override
  protected Map<Language, String> proved() {
    return proved;
  }

  @Override
  protected Set<Language> languages() {
    return EnumSet.allOf(Language.class);
  }

  /** What a sandbox with other options of bubblewrap says when it is to prove itself. */
  private String refusal(UnaryOperator<List<String>> change) {
    return refusal(change, Set.of(Language.PYTHON));
  }

  private String refusal(UnaryOperator<List<String>> change, Set<Language> languages) {
    try (ProcessSandbox weak =
        new ProcessSandbox(directory.resolve("weak"), OWNER, change, languages)) {
      SandboxException refusal = catchThrowableOfType(SandboxException.class, weak::prove);
      assertThat(refusal).isNotNull();
      assertThat(weak.start(new TaskSpec.Code(Language.SHELL, ":")))
          .satisfies(
              run ->
                  assertThatThrownBy(() -> run.run(chunk -> {}))
                      .isInstanceOf(EngineException.class));
      return refusal.getMessage();
    }
  }

  private static UnaryOperator<List<String>> without(String option, int values) {
    return command -> {
      List<String> weak = new ArrayList<>(command);
      int at = weak.indexOf(option);
      weak.subList(at, at + 1 + values).clear();
      return weak;
    };
  }

  @Test
  void java_hasTheClassesOfItsCompilerAtHand_andCannotChangeThem() throws Exception {
    CodeResult result =
        CodeResult.of(
            start(
                Language.JAVA,
                """
                import java.nio.file.*;
                public class Main {
                  public static void main(String[] args) throws Exception {
                    Path classes = Path.of("/classes.jsa");
                    System.out.println(Files.size(classes));
                    Files.write(classes, new byte[1]);
                  }
                }
                """,
                OWNER));
    assertThat(result.out().strip())
        .isEqualTo(Long.toString(Files.size(directory.resolve("sandbox").resolve(Cage.CLASSES))));
    assertThat(result.errors()).contains("Read-only file system");
  }

  @Test
  void sandbox_withTheHostsNetwork_isRefused() {
    String refusal = refusal(without("--unshare-net", 0), languages());
    assertThat(refusal).contains("loopback done", "python: ", "javascript: ", "shell: ", "java: ");
  }

  @Test
  void sandbox_withoutAFilterOfSystemCalls_isRefused() {
    // What the namespaces do not deny by themselves.
    assertThat(refusal(without("--seccomp", 1))).contains("vsock", "ptrace", "raw-bpf done");
  }

  @Test
  void sandbox_whoseFilterForgetsCallsAndTheEntryOf32Bits_isRefusedInEveryLanguage() {
    assumeTrue(
        SeccompFilter.Architecture.here().equals(Optional.of(SeccompFilter.Architecture.AMD64)),
        "only x86-64 has another entry");
    ByteBuffer filter =
        ByteBuffer.wrap(SeccompFilter.bytes(SeccompFilter.Architecture.AMD64))
            .order(ByteOrder.LITTLE_ENDIAN);
    // In the place of the end for another architecture, what comes next anyway: the number.
    filter.putShort(2 * 8, (short) 0x20).putInt(2 * 8 + 4, 0);
    int keyctl = 0;
    while (filter.getInt(keyctl + 4) != 250) {
      keyctl += 8;
    }
    filter.putInt(keyctl + 8 + 4, 0x7fff0000); // What it returns: allowed.
    String refusal =
        refusal(
            command -> {
              replaceFilter(filter.array());
              return command;
            },
            languages());
    for (String each : List.of("raw-keyctl done", "raw-ptrace-int80 done")) {
      assertThat(refusal.split(each, -1)).as(refusal).hasSize(1 + languages().size());
    }
    assertThat(refusal).doesNotContain("raw-ptrace done", "raw-keyctl-x32 done");
  }

  private static void replaceFilter(byte[] filter) {
    try {
      Path other = Files.write(directory.resolve("other-filter-" + UUID.randomUUID()), filter);
      Files.move(
          other, directory.resolve("weak").resolve(Cage.FILTER), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void sandbox_withTheHostsFiles_isRefused() {
    String refusal =
        refusal(
            command -> {
              List<String> weak = new ArrayList<>(command);
              int at = weak.indexOf("/tmp");
              assertThat(weak.get(at - 1)).isEqualTo("--tmpfs");
              weak.set(at - 1, "--bind");
              weak.add(at, "/tmp");
              weak.subList(at - 3, at - 1).clear(); // The size, which is of no bind.
              return weak;
            });
    assertThat(refusal).contains("host-file", "write-bait");
  }

  @Test
  void sandbox_withTheHostsProcesses_isRefused() {
    assertThat(refusal(without("--unshare-pid", 0))).isNotEmpty();
  }

  @Test
  void sandbox_withMoreDisk_isRefused() {
    String refusal =
        refusal(
            command -> {
              List<String> weak = new ArrayList<>(command);
              int at = weak.indexOf("/work");
              while (!weak.get(at - 1).equals("--tmpfs")) {
                at += 1 + weak.subList(at + 1, weak.size()).indexOf("/work");
              }
              weak.set(at - 2, Long.toString(1L << 30));
              return weak;
            });
    assertThat(refusal).contains("bytes of disk");
  }

  @Test
  void sandbox_whoseCodeWritesAnArchiveOfItsOwn_sendsOnlyWhatWasAskedFor() throws Exception {
    String source =
        """
        import os, subprocess
        os.makedirs('d')
        os.symlink('/etc/passwd', 'link')
        os.symlink('/usr', 'folder')
        os.link('main.py', 'hard')
        os.mkfifo('pipe')
        open('asked', 'w').write('asked')
        open('other', 'w').write('other')
        try:
          subprocess.run(['tar', '-cf', '/proc/1/fd/8', 'other'], timeout=5)
        except OSError:
          pass
        """;
    CodeResult result =
        CodeResult.of(
            start(
                Language.PYTHON,
                source,
                List.of("link", "d", "pipe", "folder/bin/sh", "hard", "asked"),
                OWNER));
    assertThat(result.artifacts().keySet())
        .isSubsetOf("folder/bin/sh", "hard", "asked")
        .contains("asked");
    assertThat(result.artifact("asked")).isEqualTo("asked");
  }

  @Test
  void sandbox_withNamesThatAShellOrTarWouldRead_bringsThoseFiles() throws Exception {
    List<String> names = List.of("-x", "--checkpoint-action=exec=sh", "$(id)", "a b", "END", "'");
    String source =
        "import sys\n"
            + "for n in "
            + names.stream().map(n -> "\"" + n + "\"").toList()
            + ":\n"
            + "  open(n, 'w').write(n)";
    CodeResult result = CodeResult.of(start(Language.PYTHON, source, names, OWNER));
    assertThat(result.artifacts().keySet()).as(result.errors()).containsExactlyElementsOf(names);
  }

  @Test
  void file_thatIsAProgram_canBeRun() throws Exception {
    TaskSpec.Code plain = new TaskSpec.Code(Language.SHELL, "./a; ./b");
    CodeResult result =
        CodeResult.of(
            sandbox()
                .start(
                    plain.with(
                        plain.stdin(),
                        List.of(
                            new CodeFile("a", Bytes.of("#!/bin/sh\necho ran"), true),
                            new CodeFile("b", Bytes.of("#!/bin/sh\necho ran"), false)))));
    assertThat(result.out()).isEqualTo("ran\n");
    assertThat(result.report().code()).as("not allowed").isEqualTo(126);
  }

  @Test
  void sandbox_whenItIsClosed_leavesNothing() throws Exception {
    Path other = directory.resolve("other");
    ProcessSandbox closing =
        new ProcessSandbox(other, OWNER, UnaryOperator.identity(), Set.of(Language.SHELL));
    closing.prove();
    Generation run =
        closing.start(new TaskSpec.Code(Language.SHELL, "echo x; while :; do :; done"));
    CompletableFuture<Void> runs = new CompletableFuture<>();
    CompletableFuture<Throwable> ended =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                run.run(chunk -> runs.complete(null));
                return new AssertionError("it ran to its end");
              } catch (Exception e) {
                return e;
              }
            });
    runs.get(20, TimeUnit.SECONDS);
    closing.close();
    assertThat(ended.get(5, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    assertThat(other).doesNotExist();
  }

  @Test
  void digest_ofTheSameProgram_isTheSame() throws Exception {
    assertThat(Interpreter.find())
        .allSatisfy(
            (language, interpreter) ->
                assertThat(interpreter.digest()).isEqualTo(proved.get(language)));
  }

  @Test
  void processes_ofARun_areNeverRoots() throws Exception {
    Generation run = start(Language.SHELL, "sleep 30 & echo x; while :; do :; done", OWNER);
    List<String> users = new ArrayList<>();
    assertThatThrownBy(
            () ->
                run.run(
                    chunk -> {
                      ProcessHandle.current()
                          .descendants()
                          .map(ProcessSandboxTest::status)
                          .filter(status -> status.contains("Name:\tbwrap") || isInside(status))
                          .map(status -> line(status, "Uid:").replaceAll("\\s+", " "))
                          .forEach(users::add);
                      run.cancel();
                    }))
        .isInstanceOf(InterruptedException.class);
    // bubblewrap, the first process, and two of the code.
    assertThat(users).hasSizeGreaterThanOrEqualTo(4).noneMatch(each -> each.matches(".*\\b0\\b.*"));
  }

  private static String status(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "status"));
    } catch (IOException e) {
      return ""; // It ended meanwhile.
    }
  }

  private static boolean isInside(String status) {
    return line(status, "NSpid:").strip().contains("\t");
  }

  private static String line(String status, String name) {
    return status
        .lines()
        .filter(each -> each.startsWith(name))
        .map(each -> each.substring(name.length()))
        .findFirst()
        .orElse("");
  }

  @Test
  void times_ofAShell_areAddedUp() {
    assertThat(ProcessRun.times("0m0.010000s 0m0.02s\n1m2.500000s 0m0.000000s\n"))
        .isEqualTo(Duration.ofMillis(62_530));
    assertThat(ProcessRun.times("")).isZero();
  }
}
