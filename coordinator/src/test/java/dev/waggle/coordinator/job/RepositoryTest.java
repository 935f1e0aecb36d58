package dev.waggle.coordinator.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What models say of a repository, and the patch that comes of it, which git itself applies. */
class RepositoryTest {
  private @TempDir Path directory;

  /** A repository with one file of each kind. */
  static Repository repository() {
    return new Repository(
        new BlobDigest("ab".repeat(32)),
        1_024,
        List.of(
            new CodeFile("calc.py", Bytes.of("def twice(n):\n    return n\n")),
            new CodeFile("bin/run", Bytes.of("#!/bin/sh\nls\n"), /* executable= */ true),
            new CodeFile("open end", Bytes.of("one\ntwo")),
            new CodeFile("old.txt", Bytes.of("old\n")),
            new CodeFile("empty", Bytes.EMPTY),
            new CodeFile("windows.txt", Bytes.of("a\r\nb\r\n")),
            new CodeFile("image", Bytes.of(new byte[] {0, -1, 5}))));
  }

  private static RepositoryChange change(String answer) throws UnreadableAnswerException {
    return RepositoryChange.parse(answer, repository());
  }

  private static Map<String, String> written(String answer) throws UnreadableAnswerException {
    Map<String, String> texts = new TreeMap<>();
    change(answer).written().forEach((path, file) -> texts.put(path, file.content().text()));
    return texts;
  }

  @Test
  void answer_isReadAsItIsMeant() throws Exception {
    assertThat(
            written(
                """
                Sure:
                FILE: calc.py

                ```python
                return 2
                ```
                and
                 FILE: notes.md
                ````
                ```
                ls
                ```
                ````
                FILE: windows.txt
                ```
                a
                ```
                FILE: old.txt
                ```
                old
                ```"""))
        .as("what stays as it is is no change")
        .isEqualTo(
            Map.of("calc.py", "return 2\n", "notes.md", "```\nls\n```\n", "windows.txt", "a\r\n"));
    assertThat(change("### DELETE: old.txt").deleted()).containsExactly("old.txt");
    assertThat(written("**FILE: `src/__init__.py`**\n```\n```")).containsKey("src/__init__.py");
    assertThat(change("FILE: bin/run\n```\n```").written().values())
        .as("it stays a program")
        .containsExactly(new CodeFile("bin/run", Bytes.EMPTY, /* executable= */ true));
  }

  @Test
  void answer_thatIsUnclear_orLeadsElsewhere_isRefusedWithACause() {
    Map<String, String> bad =
        Map.ofEntries(
            Map.entry("just do it", "names no file"),
            Map.entry("```\nreturn 2\n```", "without a line"),
            Map.entry("FILE: calc.py\nreturn 2", "no block"),
            Map.entry("FILE: calc.py\n```\nreturn 2", "does not end"),
            Map.entry("FILE: calc.py\n```\na\n```\nDELETE: calc.py", "twice"),
            Map.entry("FILE: ../x\n```\n```", "relative"),
            Map.entry("FILE: /x\n```\n```", "relative"),
            Map.entry("FILE: .git/hooks/pre-commit\n```\n```", "git itself"),
            Map.entry("FILE: a/.GIT/config\n```\n```", "git itself"),
            Map.entry("FILE: calc.py/x\n```\n```", "cannot be a file and hold"),
            Map.entry("DELETE: nowhere", "no such file"),
            Map.entry("DELETE: image", "no text"),
            Map.entry("FILE: image\n```\n```", "no text"));
    bad.forEach(
        (answer, why) ->
            assertThatThrownBy(() -> change(answer))
                .as(answer)
                .isInstanceOf(UnreadableAnswerException.class)
                .hasMessageContaining(why));
  }

  @Test
  void patch_isAppliedByGit_andMakesWhatWasMeant() throws Exception {
    for (CodeFile each : repository().files()) {
      Path file = directory.resolve(each.path());
      Files.createDirectories(file.getParent());
      Files.write(file, each.content().toArray());
      if (each.executable()) {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
    }
    git("init", "-q");
    git("-c", "core.autocrlf=false", "add", "-A");
    String answer =
        """
        FILE: calc.py
        ```
        def twice(n):
            return n * 2
        ```
        FILE: bin/run
        ```
        #!/bin/sh
        ls -l
        ```
        FILE: open end
        ```
        one
        2
        ```
        FILE: new/é \u2013 file.py
        ```
        print(1)
        ```
        FILE: nothing
        ```
        ```
        FILE: windows.txt
        ```
        a
        c
        ```
        DELETE: old.txt
        DELETE: empty
        """;
    String patch = RepositoryPatch.of(repository().with(change(answer)));
    assertThat(patch).contains("\\ No newline at end of file", "deleted file mode 100644");
    Path file =
        Files.writeString(directory.resolve("../" + directory.getFileName() + ".patch"), patch);
    try {
      git("apply", "--index", "--whitespace=nowarn", file.toString());
    } finally {
      Files.delete(file);
    }
    assertThat(directory.resolve("calc.py")).hasContent("def twice(n):\n    return n * 2\n");
    assertThat(directory.resolve("bin/run")).hasContent("#!/bin/sh\nls -l\n").isExecutable();
    assertThat(Files.readString(directory.resolve("open end"))).isEqualTo("one\n2\n");
    assertThat(directory.resolve("new/é \u2013 file.py")).hasContent("print(1)\n");
    assertThat(directory.resolve("nothing")).isEmptyFile();
    assertThat(Files.readString(directory.resolve("windows.txt"))).isEqualTo("a\r\nc\r\n");
    assertThat(directory.resolve("old.txt")).doesNotExist();
    assertThat(directory.resolve("empty")).doesNotExist();
  }

  private void git(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("git"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
    builder.environment().put("LC_ALL", "C.UTF-8");
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }

  @Test
  void prompts_showWhatIsNamed_whereAllIsTooMuch() {
    List<CodeFile> files = new ArrayList<>(repository().files());
    files.add(new CodeFile("large.py", Bytes.of("#".repeat(20_000))));
    files.add(new CodeFile("other.py", Bytes.of("%".repeat(10_000))));
    Repository large = new Repository(new BlobDigest("cd".repeat(32)), 50_000, files);
    RepositoryPrompts prompts =
        new RepositoryPrompts("change calc.py", CodeLanguage.PYTHON, Optional.empty());
    CodePart part =
        new CodePart(
            new Subtask(Subtask.WHOLE, "change calc.py", List.of()),
            "1. look\n- READ: other.py\nREAD: ../secret",
            "",
            Map.of());
    List<ChatMessage> asked = prompts.change(part, large);
    assertThat(asked.get(1).content())
        .contains("FILE: calc.py", "return n\n", "FILE: other.py", "%%%", "\nlarge.py\n")
        .doesNotContain("###", "FILE: old.txt");
  }

  @Test
  void changesAfterEachOther_areOne_comparedWithTheSnapshot() throws Exception {
    Repository now =
        repository()
            .with(change("FILE: calc.py\n```\na\n```\nFILE: new\n```\n```\nDELETE: bin/run"));
    RepositoryChange next =
        RepositoryChange.parse(
            "FILE: bin/run\n```\n#!/bin/sh\nls\n```\nDELETE: new\nFILE: calc.py/sub\n```\n```\n"
                + "DELETE: calc.py",
            now);
    RepositoryChange both = now.with(next).change();
    assertThat(both.written().keySet())
        .as("what came back as it was")
        .containsExactly("calc.py/sub");
    assertThat(both.deleted()).containsExactly("calc.py");
    assertThat(now.with(change("No change.\nNO CHANGE")).change()).isEqualTo(now.change());
    assertThat(RepositoryChange.parse("DELETE: bin/run", now).isEmpty()).as("is done").isTrue();
    assertThatThrownBy(() -> RepositoryChange.parse("DELETE: nowhere", now))
        .isInstanceOf(UnreadableAnswerException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void limits_haveRoomForTheFiles_andAsMuchAsUsual() {
    assertThat(repository().limits(CodeLimits.DEFAULT).diskBytes())
        .isEqualTo(CodeLimits.DEFAULT.diskBytes() + 7 * 4_096);
  }
}
