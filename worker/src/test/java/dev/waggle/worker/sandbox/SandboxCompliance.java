package dev.waggle.worker.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What every sandbox does, in each language that it runs. A subclass opens and proves one sandbox
 * for all its tests.
 */
public abstract class SandboxCompliance {
  private static final CodeLimits SECOND =
      new CodeLimits(Duration.ofSeconds(1), 256L << 20, 64, 4L << 20, 64 << 10);

  /** What the sandbox under test may use for one run, or more. */
  protected static final CodeLimits OWNER =
      new CodeLimits(Duration.ofSeconds(30), 256L << 20, 64, 16L << 20, 256 << 10);

  /** The sandbox, proved. */
  protected abstract Sandbox sandbox();

  /** What its proof returned. */
  protected abstract Map<Language, String> proved();

  /** The languages that have to be proved on a machine of the tests. */
  protected abstract Set<Language> languages();

  /** What is done in a test, in the words of each language. */
  protected Scripts scripts(Language language) {
    return Scripts.of(language);
  }

  /** Runs a script by itself with limits. */
  protected final Generation start(Language language, String source, CodeLimits limits) {
    return start(language, source, List.of(), limits);
  }

  /** Runs a script by itself and asks for files. */
  protected final Generation start(
      Language language, String source, List<String> collect, CodeLimits limits) {
    return sandbox()
        .start(
            new TaskSpec.Code(
                language, Set.of(), source, List.of(), Bytes.EMPTY, List.of(), collect, limits));
  }

  @Test
  void proof_onThisMachine_holdsInEveryLanguage() {
    assertThat(proved().keySet()).containsExactlyInAnyOrderElementsOf(languages());
    assertThat(proved().values()).allMatch(each -> each.matches("sha256:[0-9a-f]{64}"));
  }

  @Test
  void code_withArgumentsAndStdin_writesThem() throws Exception {
    for (Language language : languages()) {
      CodeResult result =
          CodeResult.of(
              sandbox()
                  .start(
                      new TaskSpec.Code(
                          language,
                          Set.of(),
                          scripts(language).echo(),
                          List.of("one", "two words", "-x", "'\"$(id)é"),
                          Bytes.of("first\nsecond é\n"),
                          List.of(),
                          List.of(),
                          OWNER)));
      assertThat(result.out().lines().map(String::strip))
          .as(language + " " + result.errors())
          .containsExactly("one", "two words", "-x", "'\"$(id)é", "first", "second é");
      assertThat(result.report().succeeded()).isTrue();
      assertThat(result.report().outputCut()).isFalse();
    }
  }

  @Test
  void code_withMuchStdin_readsItAll() throws Exception {
    String line = "x".repeat(1023) + "\n";
    for (Language language : languages()) {
      CodeResult result =
          CodeResult.of(
              sandbox()
                  .start(
                      new TaskSpec.Code(
                          language,
                          Set.of(),
                          scripts(language).count(),
                          List.of(),
                          Bytes.of(line.repeat(1024)),
                          List.of(),
                          List.of(),
                          OWNER)));
      assertThat(result.out().strip()).as(language + result.errors()).isEqualTo("1048576");
    }
  }

  @Test
  void code_thatReturnsACode_hasItReported() throws Exception {
    for (Language language : languages()) {
      CodeResult result = CodeResult.of(start(language, scripts(language).fail(), OWNER));
      assertThat(result.report().code()).as(language + result.errors()).isEqualTo(41);
      assertThat(result.report().end()).isEqualTo(ExitReport.End.EXIT);
      assertThat(result.out().strip()).isEqualTo("out");
      assertThat(result.errors().strip()).isEqualTo("errors");
    }
  }

  @Test
  void code_withFiles_readsThemAndItsOwnComeBack() throws Exception {
    String deep = "d".repeat(90) + "/" + "e".repeat(90) + "/f";
    for (Language language : languages()) {
      CodeResult result =
          CodeResult.of(
              sandbox()
                  .start(
                      new TaskSpec.Code(
                          language,
                          Set.of(),
                          scripts(language).copy(),
                          List.of("in/sub/a.txt", "b.txt", deep, "out.txt"),
                          Bytes.EMPTY,
                          List.of(
                              new CodeFile("in/sub/a.txt", Bytes.of("A")),
                              new CodeFile("b.txt", Bytes.of("B")),
                              new CodeFile(deep, Bytes.of("D"))),
                          List.of("out.txt", "missing", deep, "b.txt"),
                          OWNER)));
      assertThat(result.artifacts().keySet())
          .as(language + result.errors())
          .containsExactly("out.txt", deep, "b.txt");
      assertThat(result.artifact("out.txt")).isEqualTo("ABD");
      assertThat(result.artifact(deep)).isEqualTo("D");
    }
  }

  @Test
  void code_besideASnapshot_findsAFileThatIsCalledLikeAScript() throws Exception {
    for (Language language : languages()) {
      TaskSpec.Code task =
          new TaskSpec.Code(
              language,
              Set.of(),
              scripts(language).copy(),
              List.of(language.file(), "changed", "more/kept", "out.txt"),
              Bytes.EMPTY,
              List.of(new CodeFile("changed", Bytes.of("B"))),
              List.of("out.txt", "gone"),
              OWNER,
              Optional.of(new Snapshot(new BlobDigest("ab".repeat(32)), 7, List.of("gone"))));
      CodeFile program = new CodeFile("more/kept", Bytes.of("C"), /* executable= */ true);
      CodeResult result =
          CodeResult.of(
              sandbox()
                  .start(
                      task.unpacked(
                          List.of(
                              new CodeFile("changed", Bytes.of("as it was")),
                              new CodeFile("gone", Bytes.of("as it was")),
                              new CodeFile(language.file(), Bytes.of("A")),
                              program))));
      assertThat(result.artifacts().keySet())
          .as(language + result.errors())
          .containsExactly("out.txt");
      assertThat(result.artifact("out.txt")).isEqualTo("ABC");
    }
  }

  @Test
  void code_thatWorks_isMeasured() throws Exception {
    for (Language language : languages()) {
      CodeResult result = CodeResult.of(start(language, scripts(language).spin(), SECOND));
      ExitReport report = result.report();
      assertThat(report.end()).as(language + result.errors()).isEqualTo(ExitReport.End.TIME);
      assertThat(report.code()).isEqualTo(137);
      assertThat(report.wall()).isGreaterThanOrEqualTo(SECOND.wall());
      assertThat(report.cpu()).isPositive().isLessThanOrEqualTo(report.wall().multipliedBy(2));
      assertThat(report.peakBytes()).isPositive().isLessThan(OWNER.memoryBytes());
    }
  }

  @Test
  void code_thatWritesTooMuch_isCutAndEndsWell() throws Exception {
    CodeLimits limits = new CodeLimits(OWNER.wall(), OWNER.memoryBytes(), 64, 4L << 20, 100_000);
    for (Language language : languages()) {
      CodeResult result = CodeResult.of(start(language, scripts(language).flood(), limits));
      assertThat(result.report().succeeded()).as(language + result.errors()).isTrue();
      assertThat(result.report().outputCut()).isTrue();
      assertThat(result.out().length() + result.errors().length()).isEqualTo(100_000);
      assertThat(result.chunks()).allMatch(each -> each.bytes() <= Chunk.PART_BYTES_MAX);
    }
  }

  @Test
  void code_thatTakesMemory_isStopped() throws Exception {
    CodeLimits limits = new CodeLimits(OWNER.wall(), 192L << 20, 64, 4L << 20, 64 << 10);
    for (Language language : languages()) {
      CodeResult result = CodeResult.of(start(language, scripts(language).hoard(), limits));
      assertThat(result.report().succeeded()).as(language + result.errors()).isFalse();
      assertThat(result.report().end()).isNotEqualTo(ExitReport.End.TIME);
      assertThat(result.out()).doesNotContain("got it all");
    }
  }

  @Test
  void code_canceledInTheMiddle_endsWithinASecond() throws Exception {
    for (Language language : languages()) {
      Generation run = start(language, scripts(language).startAndSpin(), OWNER);
      CompletableFuture<Void> spins = new CompletableFuture<>();
      CompletableFuture<Throwable> ended =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  run.run(chunk -> spins.complete(null));
                  return new AssertionError("it ran to its end");
                } catch (Exception e) {
                  return e;
                }
              });
      spins.get(20, TimeUnit.SECONDS);
      run.cancel();
      assertThat(ended.get(1, TimeUnit.SECONDS))
          .as(language.text())
          .isInstanceOf(InterruptedException.class);
    }
  }

  @Test
  void code_canceledBeforeItsRun_doesNotRun() {
    Language language = languages().iterator().next();
    Generation run = start(language, scripts(language).fail(), OWNER);
    run.cancel();
    assertThatThrownBy(() -> run.run(chunk -> {})).isInstanceOf(InterruptedException.class);
  }

  @Test
  void code_canceledWhileItStarts_ends() throws Exception {
    Language language = languages().iterator().next();
    for (int i = 0; i < 10; i++) {
      Generation run = start(language, scripts(language).spin(), OWNER);
      CompletableFuture<Throwable> ended =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  run.run(chunk -> {});
                  return new AssertionError("it ran to its end");
                } catch (Exception e) {
                  return e;
                }
              });
      CompletableFuture.runAsync(
          run::cancel,
          CompletableFuture.delayedExecutor(
              3L * i, TimeUnit.MILLISECONDS, work -> new Thread(work, "cancel").start()));
      assertThat(ended.get(5, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    }
  }

  @Test
  void code_whoseReaderIsGone_failsWithTheReadersError() {
    Language language = languages().iterator().next();
    Generation run = start(language, scripts(language).startAndSpin(), OWNER);
    assertThatThrownBy(
            () ->
                run.run(
                    chunk -> {
                      throw new IOException("nobody reads");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("nobody reads");
  }

  @Test
  void code_withMoreFilesThanItsDisk_isRefused() {
    Language language = languages().iterator().next();
    CodeFile large = new CodeFile("large", Bytes.of(new byte[5 << 20]));
    Generation run =
        sandbox()
            .start(
                new TaskSpec.Code(
                    language,
                    Set.of(),
                    "",
                    List.of(),
                    Bytes.EMPTY,
                    List.of(large),
                    List.of(),
                    SECOND));
    assertThatThrownBy(() -> run.run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.LIMIT));
  }

  @Test
  void code_withAFileThatIsAFolderToo_isRefused() {
    Language language = languages().iterator().next();
    Generation run =
        sandbox()
            .start(
                new TaskSpec.Code(
                    language,
                    Set.of(),
                    "",
                    List.of(),
                    Bytes.EMPTY,
                    List.of(new CodeFile("a", Bytes.EMPTY), new CodeFile("a/b", Bytes.EMPTY)),
                    List.of(),
                    OWNER));
    assertThatThrownBy(() -> run.run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.BAD_REQUEST));
  }

  @Test
  void eightRuns_atTheSameTime_doNotMix() throws Exception {
    Language language = languages().iterator().next();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<CodeResult>> results = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        TaskSpec.Code task =
            new TaskSpec.Code(
                language,
                Set.of(),
                scripts(language).copy(),
                List.of("in.txt", "in.txt", "in.txt", "out.txt"),
                Bytes.EMPTY,
                List.of(new CodeFile("in.txt", Bytes.of("run" + i))),
                List.of("out.txt"),
                OWNER);
        results.add(threads.submit(() -> CodeResult.of(sandbox().start(task))));
      }
      for (int i = 0; i < 8; i++) {
        CodeResult result = results.get(i).get(60, TimeUnit.SECONDS);
        assertThat(result.artifact("out.txt")).as(result.errors()).isEqualTo(("run" + i).repeat(3));
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
