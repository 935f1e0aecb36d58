package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.EngineException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is in the directory of a run when it starts: its source, and the files of its task. */
public final class RunFiles {
  // File systems give room in blocks of this size.
  private static final int BLOCK_BYTES = 4_096;

  private final List<CodeFile> files = new ArrayList<>();

  public RunFiles(TaskSpec.Code task) {
    files.add(new CodeFile(task.scriptFile(), Bytes.of(task.source())));
    files.addAll(task.files());
  }

  /** All of them; the source is the first. */
  public List<CodeFile> all() {
    return List.copyOf(files);
  }

  /**
   * Refuses files that no directory can hold, or not within the limits.
   *
   * @throws EngineException that says what is wrong with them
   */
  void check(CodeLimits limits) throws EngineException {
    Set<String> names = new HashSet<>();
    files.forEach(each -> names.add(each.path()));
    long bytes = 0;
    for (CodeFile each : files) {
      String path = each.path();
      for (int at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
        if (names.contains(path.substring(0, at))) {
          throw new EngineException(
              Outcome.Failure.BAD_REQUEST,
              path.substring(0, at) + " cannot be a file and hold " + path);
        }
      }
      bytes += (each.content().size() + BLOCK_BYTES - 1L) / BLOCK_BYTES * BLOCK_BYTES;
    }
    if (bytes > limits.diskBytes()) {
      throw new EngineException(
          Outcome.Failure.LIMIT,
          "the code and its files need "
              + bytes
              + " bytes of disk, and may use "
              + limits.diskBytes()
              + " here");
    }
  }
}
