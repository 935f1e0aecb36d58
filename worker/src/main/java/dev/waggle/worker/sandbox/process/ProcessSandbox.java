package dev.waggle.worker.sandbox.process;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.sandbox.Proof;
import dev.waggle.worker.sandbox.Sandbox;
import dev.waggle.worker.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs code in namespaces of the Linux kernel: it has its own users, processes, network (with
 * nothing in it) and file system (the machine's programs, to be read, and directories in memory),
 * asks for no dangerous system call, and uses one processor. Its memory is watched from outside.
 *
 * <p>Neither bubblewrap nor the code ever runs as root: where the node does, they run as the user
 * 65534, who owns nothing.
 */
public final class ProcessSandbox implements Sandbox {
  /** Where the programs are that it needs. */
  static final String PATH = "/usr/local/bin:/usr/bin:/bin";

  private static final Logger log = LoggerFactory.getLogger(ProcessSandbox.class);
  private static final CodeLimits PROOF_LIMITS =
      new CodeLimits(Duration.ofSeconds(1), 256L << 20, 32, 4L << 20, 64 << 10);
  private static final String RUN = "run-";
  private static final int NAME_BYTES = 12;
  private static final Duration PROOF_MAX = Duration.ofMinutes(5);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);
  private static final long CLOSE_CHECK_MILLIS = 20;

  private final Path directory;
  private final CodeLimits limits;
  private final UnaryOperator<List<String>> change;
  private final Set<Language> languages;
  private final AtomicInteger number = new AtomicInteger();
  private final SecureRandom random = new SecureRandom();
  private final Set<ProcessRun> runs = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Cage cage;
  private volatile Map<Language, Interpreter> proved = Map.of();

  /**
   * A sandbox that is not proved yet, and runs nothing until it is.
   *
   * @param directory its own: what is in it is removed
   * @param limits the most that a run may use
   */
  public ProcessSandbox(Path directory, CodeLimits limits) {
    this(directory, limits, UnaryOperator.identity(), EnumSet.allOf(Language.class));
  }

  /** One with other options of bubblewrap, or fewer languages. */
  ProcessSandbox(
      Path directory,
      CodeLimits limits,
      UnaryOperator<List<String>> change,
      Set<Language> languages) {
    this.directory = directory.toAbsolutePath();
    this.limits = limits;
    this.change = change;
    this.languages = languages;
  }

  @Override
  public String name() {
    return "process";
  }

  @Override
  public Map<Language, String> prove() throws SandboxException {
    try {
      prepare();
      Cage ready = new Tools(change).cage();
      Map<Language, Interpreter> found = Interpreter.find();
      Interpreter shell = found.get(Language.SHELL);
      if (shell == null) {
        throw new SandboxException("there is no shell in /usr/bin, which every Linux has");
      }
      tryOut(shell, ready);
      found.keySet().retainAll(languages);
      for (Map.Entry<Language, Interpreter> each : found.entrySet()) {
        each.setValue(each.getValue().trained(directory));
      }
      Map<Language, Interpreter> held = attack(found, ready);
      proved = held;
      cage = ready;
      Map<Language, String> digests = new EnumMap<>(Language.class);
      held.forEach((language, interpreter) -> digests.put(language, interpreter.digest()));
      return digests;
    } catch (IOException e) {
      throw new SandboxException(directory + " cannot be used for sandboxes: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException("the proof of the sandbox was interrupted", e);
    }
  }

  /** Makes the directory, without what a killed node may have left in it. */
  private void prepare() throws IOException, SandboxException {
    SeccompFilter.Architecture architecture =
        SeccompFilter.Architecture.here()
            .orElseThrow(
                () ->
                    new SandboxException(
                        "the process sandbox needs x86-64 or 64-bit ARM, and this machine is "
                            + System.getProperty("os.arch")
                            + "; use sandbox = docker or quickjs"));
    clear();
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    Files.write(directory.resolve(Cage.FILTER), SeccompFilter.bytes(architecture));
  }

  private void clear() throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        String name = each.getFileName().toString();
        if (name.startsWith(RUN)) {
          ProcessRun.killStrays(name); // A node that was killed at a bad moment leaves them.
        }
        Files.delete(each);
      }
    }
  }

  private void tryOut(Interpreter shell, Cage ready)
      throws SandboxException, IOException, InterruptedException {
    try {
      run(new TaskSpec.Code(Language.SHELL, "exit 7"), shell, ready)
          .run(
              chunk -> {
                if (chunk instanceof Chunk.Exit exit && exit.report().code() != 7) {
                  throw new IOException("a script that returns 7 returned " + exit.report().code());
                }
              });
    } catch (EngineException e) {
      throw new SandboxException(
          e.getMessage()
              + "; the process sandbox needs Linux 5.14 or later that lets ordinary users make"
              + " namespaces: in a container it cannot run, elsewhere see sysctl"
              + " kernel.unprivileged_userns_clone, user.max_user_namespaces and"
              + " kernel.apparmor_restrict_unprivileged_userns",
          e);
    }
  }

  /** The languages in which every attack failed; each is attacked while the others are. */
  private Map<Language, Interpreter> attack(Map<Language, Interpreter> found, Cage ready)
      throws SandboxException, IOException, InterruptedException {
    Map<Language, Interpreter> held = new EnumMap<>(Language.class);
    List<String> breaches = new ArrayList<>();
    boolean leaks = false;
    ExecutorService attackers = Executors.newFixedThreadPool(Math.max(1, found.size()));
    try (Proof proof = new Proof()) {
      Map<Language, Future<Proof.Verdict>> attacks = new EnumMap<>(Language.class);
      found.forEach(
          (language, interpreter) ->
              attacks.put(
                  language,
                  attackers.submit(
                      () ->
                          proof.attack(
                              language, task -> run(task, interpreter, ready), PROOF_LIMITS))));
      for (Map.Entry<Language, Future<Proof.Verdict>> each : attacks.entrySet()) {
        Proof.Verdict verdict = each.getValue().get(PROOF_MAX.toSeconds(), TimeUnit.SECONDS);
        if (verdict.breaches().isEmpty()) {
          held.put(each.getKey(), Objects.requireNonNull(found.get(each.getKey())));
        } else {
          String what = each.getKey().text() + ": " + String.join("; ", verdict.breaches());
          log.warn("not run in the process sandbox, because an attack was not denied: {}", what);
          breaches.add(what);
          leaks |= !verdict.reached().isEmpty();
        }
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new SandboxException("the proof of the process sandbox did not come to its end", e);
    } finally {
      attackers.shutdownNow();
    }
    // They are all in the same cage: what one gets the others get in another way.
    if (leaks || held.isEmpty()) {
      throw new SandboxException(
          "the process sandbox does not hold here, so it is not used; not denied: "
              + String.join("; ", breaches));
    }
    return held;
  }

  @Override
  public Generation start(TaskSpec.Code task) {
    @Nullable Interpreter interpreter = proved.get(task.language());
    @Nullable Cage ready = cage;
    return interpreter == null || ready == null
        ? new NoLanguage(task.language())
        : run(task, interpreter, ready);
  }

  private ProcessRun run(TaskSpec.Code task, Interpreter interpreter, Cage ready) {
    byte[] name = new byte[NAME_BYTES];
    random.nextBytes(name);
    return new ProcessRun(
        task,
        limits,
        ready,
        interpreter,
        directory.resolve(RUN + HexFormat.of().formatHex(name)),
        number.getAndIncrement(),
        runs);
  }

  /** What a language gets that nothing was proved for. */
  private record NoLanguage(Language language) implements Generation {
    @Override
    public End run(Output output) throws EngineException {
      throw new EngineException(
          Outcome.Failure.NO_SUCH_MODEL,
          language.text() + " is not run in the process sandbox of this node; see: waggle doctor");
    }

    @Override
    public void cancel() {}
  }

  @Override
  public void close() {
    proved = Map.of();
    runs.forEach(ProcessRun::cancel);
    long until = System.nanoTime() + CLOSE_MAX.toNanos();
    try {
      while (!runs.isEmpty() && System.nanoTime() < until) {
        Thread.sleep(CLOSE_CHECK_MILLIS);
      }
      clear();
    } catch (IOException e) {
      log.warn("{} was not removed: {}", directory, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
