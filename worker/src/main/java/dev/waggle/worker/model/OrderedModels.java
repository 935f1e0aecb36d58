package dev.waggle.worker.model;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.pull.PullReport;
import dev.waggle.mesh.swarm.pull.PullTarget;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.ModelLibrary;
import dev.waggle.worker.engine.ollama.OllamaEngine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets models for members. What another machine may make this one do is kept small: only names of
 * the registry that Ollama uses by itself, so that nobody chooses which host this machine talks to;
 * only models that run here; and only while the disk has room.
 */
final class OrderedModels implements PullTarget {
  private static final Logger log = LoggerFactory.getLogger(OrderedModels.class);

  private final Predicate<PeerId> openTo;
  private final Supplier<Optional<ModelLibrary>> library;
  private final Optional<Path> disk;
  private final FreeSpace space;
  private final Runnable onPulled;

  /**
   * @param openTo whether the owner lets a member order models now
   * @param library gets them; empty when no engine does that
   * @param disk where they will lie; empty when that is not known, or not on this machine
   * @param onPulled called when there is another; must not block
   */
  OrderedModels(
      Predicate<PeerId> openTo,
      Supplier<Optional<ModelLibrary>> library,
      Optional<Path> disk,
      FreeSpace space,
      Runnable onPulled) {
    this.openTo = openTo;
    this.library = library;
    this.disk = disk;
    this.space = space;
    this.onPulled = onPulled;
  }

  @Override
  public Optional<PullReport.Reason> refusal(PeerId member, String model) {
    if (!openTo.test(member)) {
      return Optional.of(PullReport.Reason.NOT_ALLOWED);
    }
    if (!OllamaName.parse(model).map(OllamaName::isOfUsualRegistry).orElse(false)) {
      return Optional.of(PullReport.Reason.NAME);
    }
    if (OllamaEngine.isRemote(model)) {
      return Optional.of(PullReport.Reason.LEAVES);
    }
    return library.get().isEmpty() ? Optional.of(PullReport.Reason.NO_ENGINE) : Optional.empty();
  }

  @Override
  public PullReport pull(String model, Steps steps) throws InterruptedException {
    Optional<ModelLibrary> with = library.get();
    if (with.isEmpty()) {
      return new PullReport.Refused(PullReport.Reason.NO_ENGINE);
    }
    log.info("a member ordered the model {}", model);
    Course course = new Course(steps);
    try {
      if (!hasRoomFor(0)) {
        return new PullReport.Refused(PullReport.Reason.NO_ROOM);
      }
      with.get().pull(model, course);
      if (!with.get().staysHere(model)) {
        with.get().delete(model);
        return new PullReport.Refused(PullReport.Reason.LEAVES);
      }
      onPulled.run();
      return new PullReport.Done();
    } catch (EngineException e) {
      return PullReport.Failed.because(e.getMessage());
    } catch (IOException e) {
      return PullReport.Failed.because("its disk cannot be asked for its room: " + e.getMessage());
    } catch (InterruptedException e) {
      if (course.isFull) {
        return new PullReport.Refused(PullReport.Reason.NO_ROOM);
      }
      throw e;
    }
  }

  private boolean hasRoomFor(long bytes) throws IOException {
    return disk.isEmpty() || space.bytes(disk.get()) >= bytes + ModelFetch.RESERVE_BYTES;
  }

  /** Passes the steps on, and ends the pull when the rest does not fit. */
  private final class Course implements ModelLibrary.Steps {
    private final Steps steps;
    private boolean isFull;

    Course(Steps steps) {
      this.steps = steps;
    }

    @Override
    public void at(ModelLibrary.Step step) throws InterruptedException {
      long total = Math.max(0, step.total());
      long completed = Math.min(total, Math.max(0, step.completed()));
      try {
        // The registry tells the size of each part only when it comes.
        isFull = !hasRoomFor(total - completed);
      } catch (IOException e) {
        log.debug("a disk does not tell its room: {}", e.getMessage());
      }
      if (isFull) {
        throw new InterruptedException("no room");
      }
      steps.at(new PullReport.Progress(completed, total));
    }
  }
}
