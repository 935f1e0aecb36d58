package dev.waggle.worker.sandbox.docker;

import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.sandbox.CodeOutput;
import dev.waggle.worker.sandbox.CodeRun;
import dev.waggle.worker.sandbox.Tar;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One task in one container. */
final class DockerRun extends CodeRun {
  /** The label that names a task's container. */
  static final String TASK_LABEL = "dev.waggle.task";

  /** How the names of archives on their way end. */
  static final String ARCHIVE = ".tar";

  private static final Logger log = LoggerFactory.getLogger(DockerRun.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int MARK_BYTES = 16;
  // How long the entry may take to end what runs and to say what it took.
  private static final Duration ENTRY_END_MAX = Duration.ofMillis(500);
  // How long a container that has ended its task may take to hand over the files.
  private static final Duration COLLECT_MAX = Duration.ofSeconds(30);
  // What an archive adds to each file: headers, a long name, and padding.
  private static final long ARCHIVE_FILE_BYTES = 4 * 1_024;
  private static final long ARCHIVE_END_BYTES = 32 * 1_024;

  private final ContainerEngine engine;
  private final Map<String, DockerRun> running;
  private final Path directory;
  private final PinnedImage image;
  private final Map<String, String> labels;
  private final String mark;
  private final AtomicBoolean killed = new AtomicBoolean();
  private final Object lock = new Object();
  private @Nullable String container;
  private @Nullable ContainerSpeech speech;
  private @Nullable CodeOutput output;
  private @Nullable Path archive;
  private @Nullable OutputStream archiveOut;

  /**
   * A run that has not begun.
   *
   * @param directory for the archive of its files
   * @param running by their containers, the runs that are to hear of what happens to these
   */
  DockerRun(
      ContainerEngine engine,
      Map<String, DockerRun> running,
      Path directory,
      PinnedImage image,
      TaskSpec.Code task,
      CodeLimits ownerLimits,
      Map<String, String> labels) {
    super(task, ownerLimits);
    this.engine = engine;
    this.running = running;
    this.directory = directory;
    this.image = image;
    byte[] random = new byte[MARK_BYTES];
    RANDOM.nextBytes(random);
    this.mark = HexFormat.of().formatHex(random);
    this.labels = new HashMap<>(labels);
    this.labels.put(TASK_LABEL, mark.substring(0, MARK_BYTES / 2));
  }

  @Override
  protected void begin(CodeOutput written) throws IOException, InterruptedException {
    Path file = null;
    OutputStream fileOut = OutputStream.nullOutputStream();
    if (!task().collect().isEmpty()) {
      Files.createDirectories(directory);
      file = Files.createTempFile(directory, "task", ARCHIVE);
      fileOut = Files.newOutputStream(file);
    }
    ContainerSpeech heard =
        new ContainerSpeech(written, mark, fileOut, archiveBytesMax(), this::endContainer);
    EntryScript entry = new EntryScript(task(), ContainerPlan.DIRECTORY, mark);
    synchronized (lock) {
      archive = file;
      archiveOut = fileOut;
      output = written;
      speech = heard;
    }
    long beyond = task().stdin().size() + ARCHIVE_FILE_BYTES * task().collect().size();
    String id =
        engine.create(new ContainerPlan(image.reference(), entry, limits(), beyond, labels));
    synchronized (lock) {
      container = id;
    }
    running.put(id, this);
    engine.attach(id, entry.input(), heard);
    if (!killed.get()) {
      onStart();
      engine.start(id);
    }
    if (killed.get()) {
      endContainer();
    }
  }

  /**
   * The kernel has ended one of the processes because memory is used up. The others would go on
   * with what it left.
   */
  void onMemoryUsedUp() {
    stop(ExitReport.End.MEMORY);
  }

  private long archiveBytesMax() {
    return limits().diskBytes() + ARCHIVE_FILE_BYTES * task().collect().size() + ARCHIVE_END_BYTES;
  }

  @Override
  protected Ending await() throws EngineException, IOException, InterruptedException {
    ContainerSpeech heard;
    String id;
    synchronized (lock) {
      heard = speech;
      id = container;
    }
    if (heard == null || id == null) {
      throw new IOException("the container was not created");
    }
    if (!awaitSilence(heard, COLLECT_MAX)) {
      log.debug("container {} does not hand over its files in time", id);
      endContainer();
    }
    Optional<ContainerSpeech.Taken> taken = heard.taken();
    if (taken.isPresent()) {
      ContainerSpeech.Taken all = taken.get();
      if (all.oomKills() > 0) {
        stop(ExitReport.End.MEMORY);
      }
      // The figures come from within the container, so they count within what it can have had.
      return new Ending(all.code(), all.cpu(), Math.min(all.peakBytes(), limits().memoryBytes()));
    }
    int code = killed.get() ? KILLED : engine.exitCode(id).orElse(KILLED);
    if (code == EntryScript.CANNOT) {
      throw new EngineException(
          Outcome.Failure.ENGINE,
          "the image "
              + image.reference()
              + " cannot take a task in (it needs sh, head, tar and rm)");
    }
    return new Ending(code, Duration.ZERO, 0);
  }

  private static boolean awaitSilence(ContainerSpeech heard, Duration most)
      throws IOException, InterruptedException {
    try {
      return heard.awaitCompletion(most.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RuntimeException e) {
      throw new IOException("the Docker engine was lost: " + e.getMessage(), e);
    }
  }

  @Override
  protected void collect(Output reader) throws IOException, InterruptedException {
    Path file;
    synchronized (lock) {
      file = archive;
      closeArchive();
    }
    if (file != null) {
      Tar.artifacts(file, task().collect(), limits().diskBytes(), reader);
    }
  }

  @Override
  protected void kill() {
    if (killed.compareAndSet(false, true)) {
      Thread killing = new Thread(this::endOrderly, "docker-kill");
      killing.setDaemon(true);
      killing.start();
    }
  }

  /** The entry ends its task if it can, since it knows what it took; the engine ends both. */
  private void endOrderly() {
    String id;
    ContainerSpeech heard;
    synchronized (lock) {
      id = container;
      heard = speech;
    }
    if (id == null || heard == null) {
      return; // Not created yet; whoever creates it looks whether it is wanted.
    }
    engine.signal(id, "TERM");
    try {
      if (!awaitSilence(heard, ENTRY_END_MAX)) {
        endContainer();
      }
    } catch (IOException | InterruptedException e) {
      endContainer();
    }
  }

  private void endContainer() {
    String id;
    ContainerSpeech heard;
    synchronized (lock) {
      id = container;
      heard = speech;
    }
    if (id != null) {
      engine.signal(id, "KILL");
    }
    if (heard != null) {
      heard.onComplete();
    }
  }

  @Override
  protected void remove() {
    synchronized (lock) {
      closeArchive();
      if (container != null) {
        running.remove(container);
        engine.remove(container);
        container = null;
      }
      if (speech != null) {
        try {
          speech.close();
        } catch (IOException e) {
          log.debug("a container's stream did not close in order: {}", e.toString());
        }
      }
      if (output != null) {
        output.end();
      }
      if (archive != null) {
        try {
          Files.deleteIfExists(archive);
        } catch (IOException e) {
          log.warn("{} was not deleted: {}", archive, e.toString());
        }
      }
    }
  }

  /** With the lock. */
  private void closeArchive() {
    if (archiveOut != null) {
      try {
        archiveOut.close();
      } catch (IOException e) {
        log.debug("{} did not close in order: {}", archive, e.toString());
      }
      archiveOut = null;
    }
  }
}
