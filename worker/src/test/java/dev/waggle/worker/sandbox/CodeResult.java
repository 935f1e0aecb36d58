package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * All that came of a run.
 *
 * @param chunks as they came
 * @param artifacts by path, in the order in which they were complete
 */
public record CodeResult(
    List<Chunk> chunks,
    String out,
    String errors,
    Map<String, byte[]> artifacts,
    ExitReport report) {
  /** Runs it to its end. */
  public static CodeResult of(Generation run)
      throws EngineException, IOException, InterruptedException {
    List<Chunk> chunks = new ArrayList<>();
    run.run(chunks::add);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    Map<String, ByteArrayOutputStream> open = new LinkedHashMap<>();
    Map<String, byte[]> artifacts = new LinkedHashMap<>();
    ExitReport report = null;
    for (Chunk each : chunks) {
      if (each instanceof Chunk.Output output) {
        (output.error() ? errors : out).write(output.written().toArray());
      } else if (each instanceof Chunk.Artifact part) {
        ByteArrayOutputStream file =
            open.computeIfAbsent(part.path(), path -> new ByteArrayOutputStream());
        file.write(part.part().toArray());
        if (part.last()) {
          artifacts.put(part.path(), file.toByteArray());
        }
      } else if (each instanceof Chunk.Exit exit) {
        report = exit.report();
      }
    }
    return new CodeResult(
        chunks,
        out.toString(StandardCharsets.UTF_8),
        errors.toString(StandardCharsets.UTF_8),
        artifacts,
        Objects.requireNonNull(report, "no exit came"));
  }

  /** An artifact as text. */
  public String artifact(String path) {
    return new String(
        Objects.requireNonNull(artifacts.get(path), path + " did not come"),
        StandardCharsets.UTF_8);
  }
}
