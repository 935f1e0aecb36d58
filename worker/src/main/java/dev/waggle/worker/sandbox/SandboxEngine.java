package dev.waggle.worker.sandbox;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.snapshot.Snapshots;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sandboxes of this machine as an engine: each language that one of them proved is offered as
 * what runs it, and code is a task like any other. Of two sandboxes the first has a language.
 */
public final class SandboxEngine implements Engine {
  private static final Logger log = LoggerFactory.getLogger(SandboxEngine.class);

  private final List<Sandbox> sandboxes;
  private final Snapshots snapshots;
  private volatile Map<Language, Proved> proved = Map.of();
  private volatile Map<String, String> troubles = Map.of();

  private record Proved(Sandbox sandbox, String digest) {}

  /**
   * Offers nothing before {@link #prepare}.
   *
   * @param sandboxes the preferred first
   * @param snapshots brings the files that code starts with
   */
  public SandboxEngine(List<Sandbox> sandboxes, Snapshots snapshots) {
    this.sandboxes = List.copyOf(sandboxes);
    this.snapshots = snapshots;
    if (!sandboxes.isEmpty()) {
      troubles =
          Map.of("all", "they still prove themselves, which takes some seconds at the start");
    }
  }

  @Override
  public String name() {
    return "sandbox";
  }

  /** Has every sandbox prove itself. */
  @Override
  public void prepare() {
    Map<Language, Proved> now = new EnumMap<>(Language.class);
    Map<String, String> why = new LinkedHashMap<>();
    for (Sandbox sandbox : sandboxes) {
      if (!sandbox.adds(now.keySet())) {
        continue;
      }
      try {
        sandbox
            .prove()
            .forEach((language, digest) -> now.putIfAbsent(language, new Proved(sandbox, digest)));
      } catch (SandboxException e) {
        why.put(sandbox.name(), e.getMessage());
        log.debug("no sandbox {}: {}", sandbox.name(), e.getMessage());
      }
    }
    now.forEach((language, by) -> log.info("{} runs in {}", language.text(), by.sandbox().name()));
    proved = Map.copyOf(now);
    troubles = Map.copyOf(why);
  }

  @Override
  public Map<String, String> troubles() {
    return troubles;
  }

  @Override
  public List<ModelOffer> models() {
    List<ModelOffer> offers = new ArrayList<>();
    proved.forEach(
        (language, by) ->
            offers.add(
                new ModelOffer(
                    language.runtime(),
                    by.digest(),
                    by.sandbox().name(),
                    0,
                    0,
                    true,
                    0,
                    false,
                    Set.of(Ability.CODE),
                    false,
                    Speed.UNKNOWN)));
    return offers;
  }

  @Override
  public Generation start(TaskSpec task) {
    if (task instanceof TaskSpec.Code code) {
      Proved by = proved.get(code.language());
      if (by != null) {
        return by.sandbox().start(code);
      }
    }
    return new RefusedRun(
        new EngineException(
            Outcome.Failure.BAD_REQUEST, task.model() + " is not run by the sandboxes here"));
  }

  @Override
  public Generation start(TaskSpec task, PeerId requester) {
    return task instanceof TaskSpec.Code code && code.snapshot().isPresent()
        ? new SnapshotRun(
            () -> snapshots.files(requester, code.snapshot().get()),
            files -> start(code.unpacked(files)))
        : start(task);
  }

  @Override
  public void close() {
    sandboxes.forEach(Sandbox::close);
  }
}
