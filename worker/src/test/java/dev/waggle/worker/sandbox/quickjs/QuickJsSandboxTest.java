package dev.waggle.worker.sandbox.quickjs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.sandbox.CodeResult;
import dev.waggle.worker.sandbox.Sandbox;
import dev.waggle.worker.sandbox.SandboxCompliance;
import dev.waggle.worker.sandbox.Scripts;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * QuickJS in real children. Of the attacks, those on processes, on a disk and by a daemon are told
 * as nothing got: its JavaScript has no words for them.
 */
final class QuickJsSandboxTest extends SandboxCompliance {
  @TempDir static Path directory;

  private static QuickJsSandbox sandbox;
  private static Map<Language, String> proved;

  @BeforeAll
  static void prove() throws Exception {
    sandbox = new QuickJsSandbox(OWNER, directory, true);
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
    return Set.of(Language.JAVASCRIPT);
  }

  @Override
  protected Scripts scripts(Language language) {
    return new Scripts(
        "args.forEach((a) => console.log(a)); console.log(readStdin().trimEnd())",
        "console.log(readStdin().length)",
        "console.log('out'); console.error('errors'); exit(41)",
        "writeFile(args[3], args.slice(0, 3).map((each) => readFile(each)).join(''))",
        "for (;;);",
        "console.log('x'); for (;;);",
        "for (let i = 0; i < 4; i++) {"
            + "console.log('x'.repeat(99999)); console.error('x'.repeat(99999)) }",
        "const kept = []; for (let i = 0; i < 256; i++) kept.push(new Uint8Array(4 << 20));"
            + "console.log('got it all')");
  }

  private static CodeResult run(String source, String... collect) throws Exception {
    return CodeResult.of(
        sandbox.start(
            new TaskSpec.Code(
                Language.JAVASCRIPT,
                Set.of(),
                source,
                List.of(),
                Bytes.EMPTY,
                List.of(),
                List.of(collect),
                OWNER)));
  }

  @Test
  void script_withTimersAndPromises_runsThemInOrder() throws Exception {
    CodeResult result =
        run(
            "setTimeout(() => console.log('third'), 20);"
                + "Promise.resolve().then(() => console.log('second')); console.log('first')");
    assertThat(result.out()).isEqualTo("first\nsecond\nthird\n");
    assertThat(result.report().succeeded()).isTrue();
  }

  @Test
  void script_thatThrows_saysWhereAndReturnsOne() throws Exception {
    CodeResult result = run("function deep() { throw new TypeError('bad') }\ndeep()");
    assertThat(result.errors()).contains("TypeError: bad").contains("deep");
    assertThat(result.report().code()).isEqualTo(1);
    assertThat(result.report().end()).isEqualTo(ExitReport.End.EXIT);
  }

  @Test
  void script_whoseLastPromiseFails_returnsOne() throws Exception {
    CodeResult result =
        run("async function main() { await null; throw new Error('late') }\nmain()");
    assertThat(result.errors()).contains("late");
    assertThat(result.report().code()).isEqualTo(1);
  }

  @Test
  void script_thatIsNoJavaScript_returnsOne() throws Exception {
    CodeResult result = run("let x = ;");
    assertThat(result.errors()).contains("SyntaxError");
    assertThat(result.report().code()).isEqualTo(1);
  }

  @Test
  void script_withoutEndOfCalls_isEnded() throws Exception {
    CodeResult result = run("function f(n) { return f(n + 1) + 1 }\nf(0)");
    assertThat(result.report().succeeded()).isFalse();
    assertThat(result.errors()).isNotEmpty();
  }

  @Test
  void script_withAHopelessPattern_isEndedAtItsTime() throws Exception {
    CodeLimits limits = new CodeLimits(Duration.ofSeconds(1), 64L << 20, 1, 4L << 20, 4096);
    CodeResult result =
        CodeResult.of(start(Language.JAVASCRIPT, "/^(a+)+$/.test('a'.repeat(40) + 'b')", limits));
    assertThat(result.report().end()).isEqualTo(ExitReport.End.TIME);
  }

  @Test
  void file_beyondTheDisk_isRefusedAndTheScriptGoesOn() throws Exception {
    CodeResult result =
        run(
            "try { writeFile('large', 'x'.repeat(17 << 20)) } catch (e) { console.log(e.message) }"
                + "writeFile('small', new Uint8Array([0, 255, 128]))",
            "large",
            "small");
    assertThat(result.out()).contains("the disk is full");
    assertThat(result.artifacts()).containsOnlyKeys("small");
  }

  @Test
  void file_withANameThatLeadsOut_isRefused() throws Exception {
    CodeResult result =
        run("try { writeFile('../out', 'x') } catch (e) { console.log(e.message) }");
    assertThat(result.out()).contains("relative");
  }

  @Test
  void host_askedForWhatItDoesNotHave_endsTheScript() throws Exception {
    for (String call :
        new String[] {
          "java_invoke('waggle', 'nope', '[]')",
          "java_invoke('nope', 'out', '[]')",
          "java_invoke('waggle', 'out', '[[[{')",
          "java_invoke('waggle', 'exit', '[\"x\"]')"
        }) {
      assertThat(run(call).report().succeeded()).as(call).isFalse();
    }
  }

  @Test
  void global_ofAScript_isNotThereInTheNext() throws Exception {
    run("globalThis.left = 1; writeFile('left', 'x')");
    assertThat(run("console.log(typeof left, listFiles().length)").out())
        .isEqualTo("undefined 0\n");
  }

  @Test
  void randomNumbers_ofTwoScripts_areOthers() throws Exception {
    assertThat(directory.resolve("quickjs.image")).isNotEmptyFile();
    String numbers = "for (let i = 0; i < 4; i++) console.log(Math.random())";
    assertThat(run(numbers).out()).isNotEqualTo(run(numbers).out());
  }

  @Test
  void text_ofAnyCharacters_staysAsItIs() throws Exception {
    String text = "a\\u0000b \\u00e9 \\ud83d\\udc1d";
    CodeResult result =
        run(
            "writeFile('a', '"
                + text
                + "'); console.log(readFile('a') === '"
                + text
                + "');"
                + " console.log('\\ud83d alone')",
            "a");
    assertThat(result.out()).startsWith("true\n").endsWith(" alone\n");
    assertThat(result.artifacts().get("a"))
        .isEqualTo("a\0b \u00e9 \ud83d\udc1d".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void python_inQuickJs_isABadRequest() {
    assertThatThrownBy(() -> start(Language.PYTHON, "print(1)", OWNER).run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.BAD_REQUEST));
  }
}
