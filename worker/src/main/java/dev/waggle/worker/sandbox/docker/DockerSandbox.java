package dev.waggle.worker.sandbox.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.sandbox.Proof;
import dev.waggle.worker.sandbox.RefusedRun;
import dev.waggle.worker.sandbox.Sandbox;
import dev.waggle.worker.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs each task in a container of its own, in images that the owner allows. Nothing is pulled: the
 * owner chooses what is on the machine. What a task takes is memory, its files too, so that a task
 * can have no more disk than memory.
 *
 * <p>A container of this node that a crash left is removed by the next {@link #prove}; it is known
 * by the label {@value #NODE_LABEL}.
 */
public final class DockerSandbox implements Sandbox {
  /** The label that says whose container it is. */
  public static final String NODE_LABEL = "dev.waggle.node";

  private static final String START_LABEL = "dev.waggle.start";
  private static final CodeLimits PROOF_LIMITS =
      new CodeLimits(Duration.ofSeconds(1), 256L << 20, 32, 4L << 20, 64 << 10);
  private static final Logger log = LoggerFactory.getLogger(DockerSandbox.class);

  private final Map<Language, String> references;
  private final CodeLimits ownerLimits;
  private final Path directory;
  private final Map<String, String> labels;
  private final ContainerEngine engine;
  private final Map<String, DockerRun> running = new ConcurrentHashMap<>();
  private final AtomicBoolean listening = new AtomicBoolean();

  /**
   * A sandbox that has not asked its engine for anything yet.
   *
   * @param images for each language the image that runs it, named by the digest of its content:
   *     {@code name@sha256:...} or {@code sha256:...}
   * @param ownerLimits the most that a task may use
   * @param directory of its own, for files on their way out of containers; what an earlier start
   *     left there is deleted
   * @param node the id of this node, for the label
   * @param host URI of the engine's socket; where empty, {@code DOCKER_HOST}, or Docker's own
   */
  public DockerSandbox(
      Map<Language, String> images,
      CodeLimits ownerLimits,
      Path directory,
      String node,
      Optional<String> host) {
    this.references = Map.copyOf(images);
    this.ownerLimits = ownerLimits;
    this.directory = directory;
    this.labels = Map.of(NODE_LABEL, node, START_LABEL, UUID.randomUUID().toString());
    this.engine = new ContainerEngine(host);
  }

  @Override
  public String name() {
    return "docker";
  }

  @Override
  public Map<Language, String> prove() throws SandboxException {
    engine.requireLimits();
    reap();
    Map<Language, String> proven = new EnumMap<>(Language.class);
    List<String> troubles = new ArrayList<>();
    for (Map.Entry<Language, String> each : new TreeMap<>(references).entrySet()) {
      Language language = each.getKey();
      PinnedImage image = pinned(language, each.getValue());
      Optional<String> found = trouble(language, image);
      if (found.isEmpty()) {
        proven.put(language, image.digest());
      } else {
        troubles.add(language.text() + " in " + image.reference() + ": " + found.get());
        log.warn("docker does not run {}", troubles.get(troubles.size() - 1));
      }
    }
    if (proven.isEmpty()) {
      throw new SandboxException(
          troubles.isEmpty()
              ? "no image is allowed for any language"
              : "Docker runs nothing: " + String.join("; ", troubles));
    }
    return proven;
  }

  private PinnedImage pinned(Language language, String reference) throws SandboxException {
    Optional<PinnedImage> pinned = PinnedImage.parse(reference);
    if (pinned.isPresent()) {
      return pinned.get();
    }
    String remedy =
        engine
            .image(reference)
            .map(image -> "write " + nameOf(image) + " instead")
            .orElse("`docker pull " + reference + "`, and write the digest that it says");
    throw new SandboxException(
        "the image \""
            + reference
            + "\" for "
            + language.text()
            + " is named by a tag, which can be moved to another content ("
            + remedy
            + ")");
  }

  private static String nameOf(InspectImageResponse image) {
    List<String> digests = image.getRepoDigests() == null ? List.of() : image.getRepoDigests();
    return digests.isEmpty() ? String.valueOf(image.getId()) : digests.get(0);
  }

  /** Why a language cannot be run in an image; empty if it can. */
  private Optional<String> trouble(Language language, PinnedImage image) throws SandboxException {
    Optional<InspectImageResponse> there = engine.image(image.reference());
    if (there.isEmpty()) {
      return Optional.of("the image is not there (`docker pull " + image.reference() + "`)");
    }
    var config = there.get().getConfig();
    if (config != null && config.getVolumes() != null && !config.getVolumes().isEmpty()) {
      return Optional.of("the image has volumes, which no limit holds (choose one without)");
    }
    try (Proof proof = new Proof()) {
      Proof.Verdict verdict =
          proof.attack(language, task -> run(image, task, task.limits()), PROOF_LIMITS);
      if (!verdict.reached().isEmpty()) {
        // What one language gets, the others get in another way: it is the same engine.
        throw new SandboxException(
            "the Docker engine at "
                + engine.host()
                + " does not hold what it runs; not denied in "
                + language.text()
                + ": "
                + String.join("; ", verdict.breaches()));
      }
      return verdict.silent().isEmpty()
          ? Optional.empty()
          : Optional.of(
              "attacks did not tell how they went: " + String.join("; ", verdict.silent()));
    } catch (IOException e) {
      return Optional.of("it could not be attacked: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException("the proof was interrupted", e);
    }
  }

  /** Removes what earlier starts of this node left. */
  void reap() throws SandboxException {
    try {
      Map<String, Map<String, String>> mine =
          engine.labelled(NODE_LABEL, String.valueOf(labels.get(NODE_LABEL)));
      for (Map.Entry<String, Map<String, String>> each : mine.entrySet()) {
        if (!String.valueOf(labels.get(START_LABEL)).equals(each.getValue().get(START_LABEL))) {
          log.info("removing a container that an earlier start left: {}", each.getKey());
          engine.remove(each.getKey());
        }
      }
      Files.createDirectories(directory);
      try (var left = Files.newDirectoryStream(directory, "*" + DockerRun.ARCHIVE)) {
        for (Path each : left) {
          Files.delete(each);
        }
      }
    } catch (IOException e) {
      throw new SandboxException("Docker's tasks cannot be tidied up: " + e.getMessage(), e);
    }
  }

  @Override
  public Generation start(TaskSpec.Code task) {
    Optional<PinnedImage> image =
        Optional.ofNullable(references.get(task.language())).flatMap(PinnedImage::parse);
    return image.isPresent()
        ? run(image.get(), task, ownerLimits)
        : new RefusedRun(
            new EngineException(
                Outcome.Failure.BAD_REQUEST,
                "no image is allowed here for " + task.language().text()));
  }

  private DockerRun run(PinnedImage image, TaskSpec.Code task, CodeLimits limits) {
    if (listening.compareAndSet(false, true)) {
      engine.onMemoryUsedUp(
          START_LABEL,
          String.valueOf(labels.get(START_LABEL)),
          container ->
              Optional.ofNullable(running.get(container)).ifPresent(DockerRun::onMemoryUsedUp));
    }
    return new DockerRun(engine, running, directory, image, task, limits, labels);
  }

  @Override
  public void close() {
    try {
      for (String each :
          engine.labelled(START_LABEL, String.valueOf(labels.get(START_LABEL))).keySet()) {
        engine.remove(each);
      }
    } catch (IOException e) {
      log.debug("no containers were looked for: {}", e.toString());
    }
    engine.close();
  }
}
