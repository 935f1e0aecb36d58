package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Attacks on a sandbox from within: what it runs is the worst that we can think of, and it holds
 * when none of it gets anything. There is bait to be got: a file that anybody on the host may read,
 * servers that answer on the addresses of the host, and the names of this process's environment.
 * What is not denied is a breach, and so is an attack that does not tell how it went: silence
 * proves nothing.
 */
public final class Proof implements AutoCloseable {
  /** How many times its disk space code may write: its directory, and two for temporary files. */
  public static final int DISKS = 3;

  /** What a watch over memory may see too late on a machine that has much else to do, in bytes. */
  public static final long MEMORY_LATE_BYTES = 256L << 20;

  private static final String PROBE = "probe";
  private static final int GREED = 4;
  // A machine that has just started has much else to do, and silence costs it a language.
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int RESULT_CHARACTERS_MAX = 80;
  private static final Set<String> HARMLESS = Set.of("denied", "none");

  private final Bait bait = new Bait();
  private final CodeFile rawCalls = RawCallProgram.here();

  /**
   * Lays the bait.
   *
   * @throws IOException if this machine has no room for a file, or no loopback
   */
  public Proof() throws IOException {
    bait.lay();
  }

  /** A findings in the making. */
  private record Findings(List<String> reached, List<String> silent) {}

  /** What came of one attack. */
  private record Told(
      String attack,
      String mark,
      List<String> lines,
      long bytes,
      @Nullable ExitReport report,
      String trouble) {
    /** Whether it came to its end, with nothing that it could get. */
    boolean ended() {
      return lines.contains("end none");
    }

    /** The numbers told under a name. */
    List<Long> numbers(String name) {
      List<Long> numbers = new ArrayList<>();
      for (String line : lines) {
        if (line.startsWith(name + " ") && line.substring(name.length() + 1).matches("\\d{1,15}")) {
          numbers.add(Long.parseLong(line.substring(name.length() + 1)));
        }
      }
      return numbers;
    }
  }

  /**
   * How attacks in one language went, each in a phrase for the user.
   *
   * @param reached what they got: code in any language that the same sandbox runs might get it, too
   * @param silent what they did not tell, so that nothing is proved for this language
   */
  public record Verdict(List<String> reached, List<String> silent) {
    public Verdict {
      reached = List.copyOf(reached);
      silent = List.copyOf(silent);
    }

    /** Both. */
    public List<String> breaches() {
      return Stream.concat(reached.stream(), silent.stream()).toList();
    }
  }

  /** What was not denied; see {@link #attack}. Empty when the sandbox holds. */
  public List<String> breaches(
      Language language, Function<TaskSpec.Code, Generation> start, CodeLimits limits)
      throws InterruptedException {
    return attack(language, start, limits).breaches();
  }

  /**
   * Attacks in one language; blocks for some seconds.
   *
   * @param start what starts code in the sandbox
   * @param limits what the code gets, with more disk than output; the wall time is that of code
   *     which never ends
   */
  public Verdict attack(
      Language language, Function<TaskSpec.Code, Generation> start, CodeLimits limits)
      throws InterruptedException {
    Findings findings = new Findings(new ArrayList<>(), new ArrayList<>());
    CodeLimits patient =
        new CodeLimits(
            PATIENCE,
            limits.memoryBytes(),
            limits.processes(),
            limits.diskBytes(),
            limits.outputBytes());
    probe(run(PROBE, limits.diskBytes(), language, start, patient), limits, findings);
    fork(run("fork", 2L * limits.processes(), language, start, patient), limits, findings);
    for (String attack : hoards(language)) {
      hoard(run(attack, GREED * limits.memoryBytes(), language, start, patient), limits, findings);
    }
    Told spun = run("spin", 0, language, start, limits);
    if (spun.report() == null || spun.report().end() != ExitReport.End.TIME) {
      findings.silent().add(describe(spun, "was not ended at its time"));
    }
    return new Verdict(findings.reached(), findings.silent());
  }

  private static List<String> hoards(Language language) {
    return language == Language.PYTHON
        ? List.of("hoard", "hoard-together", "hoard-unmapped")
        : List.of("hoard");
  }

  private static void probe(Told told, CodeLimits limits, Findings findings) {
    boolean complete = false;
    for (String line : told.lines()) {
      int space = line.indexOf(' ');
      if (complete || space < 0) {
        break; // What follows is the flood.
      }
      complete = line.startsWith("end ");
      if (!line.startsWith("disk ") && !HARMLESS.contains(line.substring(space + 1))) {
        findings.reached().add(told.attack() + ": " + shortened(line));
      }
    }
    if (!complete) {
      findings.silent().add(describe(told, "did not come to its end"));
    }
    if (told.lines().stream().noneMatch(line -> line.startsWith(RawCallProgram.NAME + " "))) {
      findings.silent().add(describe(told, "did not tell of raw system calls"));
    }
    List<Long> disk = told.numbers("disk");
    if (disk.size() != 1) {
      findings.silent().add(describe(told, "did not tell of the disk"));
    } else if (disk.get(0) > DISKS * limits.diskBytes()) {
      findings.reached().add(describe(told, "got " + disk.get(0) + " bytes of disk"));
    }
    if (told.bytes() > limits.outputBytes()) {
      findings.reached().add(describe(told, "wrote " + told.bytes() + " bytes of output"));
    } else if (told.report() == null || !told.report().outputCut()) {
      findings.silent().add(describe(told, "did not write much"));
    }
  }

  private static void fork(Told told, CodeLimits limits, Findings findings)
      throws InterruptedException {
    // Some count one after the other.
    long most = told.numbers("processes").stream().mapToLong(Long::longValue).max().orElse(-1);
    if (most < 0 || told.lines().stream().noneMatch(line -> line.startsWith("daemon "))) {
      findings.silent().add(describe(told, "told nothing"));
    } else if (most > limits.processes()) {
      findings.reached().add(describe(told, "got " + most + " processes"));
    }
    if (Bait.runs(told.mark())) {
      findings.reached().add(describe(told, "left a process behind"));
    }
  }

  private static void hoard(Told told, CodeLimits limits, Findings findings) {
    List<Long> numbers = told.numbers("memory");
    long sum = numbers.stream().mapToLong(Long::longValue).sum();
    if (sum > limits.memoryBytes() + MEMORY_LATE_BYTES) {
      findings.reached().add(describe(told, "got " + sum + " bytes"));
    } else if (numbers.isEmpty() && !told.ended()) {
      findings.silent().add(describe(told, "told nothing"));
    }
  }

  private static String describe(Told told, String what) {
    return told.attack()
        + " "
        + what
        + (told.trouble().isEmpty() ? "" : " (" + told.trouble() + ")");
  }

  private static String shortened(String text) {
    return text.length() <= RESULT_CHARACTERS_MAX ? text : text.substring(0, RESULT_CHARACTERS_MAX);
  }

  private Told run(
      String attack,
      long amount,
      Language language,
      Function<TaskSpec.Code, Generation> start,
      CodeLimits limits)
      throws InterruptedException {
    StringBuilder out = new StringBuilder();
    StringBuilder errors = new StringBuilder();
    long[] bytes = new long[1];
    ExitReport[] report = new ExitReport[1];
    String mark = Bait.mark();
    String trouble = "";
    try {
      start
          .apply(
              new TaskSpec.Code(
                  language,
                  Set.of(),
                  bait.script(language),
                  bait.arguments(attack, amount, mark),
                  Bytes.EMPTY,
                  attack.equals(PROBE) ? List.of(rawCalls) : List.of(),
                  List.of(),
                  limits))
          .run(
              chunk -> {
                bytes[0] += chunk.bytes();
                if (chunk instanceof Chunk.Output output) {
                  (output.error() ? errors : out).append(output.written().text());
                } else if (chunk instanceof Chunk.Exit exit) {
                  report[0] = exit.report();
                }
              });
      trouble = errors.toString().strip();
      if (trouble.isEmpty() && report[0] != null) {
        trouble = report[0].end() + ", returned " + report[0].code();
      }
    } catch (EngineException | IOException e) {
      trouble = String.valueOf(e.getMessage());
    }
    trouble = trouble.substring(trouble.lastIndexOf('\n') + 1);
    return new Told(
        attack, mark, out.toString().lines().toList(), bytes[0], report[0], shortened(trouble));
  }

  /** Takes the bait away. */
  @Override
  public void close() {
    bait.close();
  }
}
