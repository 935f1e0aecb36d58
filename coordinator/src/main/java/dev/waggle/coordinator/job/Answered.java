package dev.waggle.coordinator.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What came of a question or of a script so far. Holds the worker to the limits of the task. Not
 * thread-safe.
 */
final class Answered implements AutoCloseable {
  /** The longest answer of a model that is kept, in characters. */
  static final int TEXT_CHARACTERS_MAX = 4 << 20;

  private final TaskSpec spec;
  private final ArtifactStore store;
  private final StringBuilder text = new StringBuilder();
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final Map<String, Kept> artifacts = new LinkedHashMap<>();
  private @Nullable ExitReport exit;
  private ArtifactStore.@Nullable Incoming file;
  private String filePath = "";
  private long artifactBytes;

  private record Kept(String sha256, long bytes) {}

  Answered(TaskSpec spec, ArtifactStore store) {
    this.spec = spec;
    this.store = store;
  }

  /**
   * Takes the next piece.
   *
   * @throws IOException if the disk fails, or the worker sends what nobody asked for
   */
  void add(Chunk chunk) throws IOException {
    if (chunk instanceof Chunk.Text piece) {
      text.append(piece.text());
      limit(text.length(), TEXT_CHARACTERS_MAX, "text");
    } else if (chunk instanceof Chunk.Output written && spec instanceof TaskSpec.Code code) {
      (written.error() ? errors : output).writeBytes(written.written().toArray());
      limit(output.size() + errors.size(), code.limits().outputBytes(), "output");
    } else if (chunk instanceof Chunk.Artifact part && spec instanceof TaskSpec.Code code) {
      add(part, code);
    } else if (chunk instanceof Chunk.Exit end) {
      exit = end.report();
    }
  }

  private void add(Chunk.Artifact part, TaskSpec.Code code) throws IOException {
    if (!code.collect().contains(part.path()) || artifacts.containsKey(part.path())) {
      throw new IOException("the worker sent a file that nobody asked for");
    }
    ArtifactStore.Incoming into = file;
    if (into == null) {
      into = store.begin();
      file = into;
      filePath = part.path();
    } else if (!filePath.equals(part.path())) {
      throw new IOException("the worker sent parts of two files at once");
    }
    artifactBytes += part.part().size();
    limit(artifactBytes, code.limits().diskBytes(), "files");
    into.write(part.part().toArray());
    if (part.last()) {
      artifacts.put(filePath, new Kept(into.keep(), into.bytes()));
      file = null;
    }
  }

  private static void limit(long bytes, long most, String what) throws IOException {
    if (bytes > most) {
      throw new IOException("the worker sent more " + what + " than the task may make");
    }
  }

  /** Nothing of it counts any more. */
  void reset() throws IOException {
    close();
    text.setLength(0);
    output.reset();
    errors.reset();
    artifacts.clear();
    artifactBytes = 0;
    exit = null;
  }

  /** How code ended; empty for what is no code, or has not ended. */
  Optional<ExitReport> exit() {
    return Optional.ofNullable(exit);
  }

  String text() {
    return text.toString();
  }

  String output() {
    return output.toString(StandardCharsets.UTF_8);
  }

  String errors() {
    return errors.toString(StandardCharsets.UTF_8);
  }

  /** Everything, as the result of a task. */
  ObjectNode json(ObjectMapper json, TaskSummary summary) {
    ObjectNode result = json.createObjectNode();
    if (spec instanceof TaskSpec.Code) {
      code(result);
    } else {
      result.put("text", text());
      result.put("prompt_tokens", summary.usage().promptTokens());
      result.put("output_tokens", summary.usage().outputTokens());
    }
    result.put("node", summary.placement().workerName());
    result.put("peerId", summary.placement().worker().toString());
    result.put("model", summary.placement().model());
    result.put("digest", summary.placement().modelDigest());
    result.put("task", summary.placement().task().value());
    return result;
  }

  private void code(ObjectNode result) {
    ExitReport report = exit;
    if (report != null) {
      result.put("end", report.end().name().toLowerCase(Locale.ROOT));
      result.put("exit", report.code());
      result.put("cpu_ms", report.cpu().toMillis());
      result.put("wall_ms", report.wall().toMillis());
      result.put("peak_bytes", report.peakBytes());
      result.put("output_cut", report.outputCut());
    }
    result.put("stdout", output());
    result.put("stderr", errors());
    ArrayNode files = JsonNodeFactory.instance.arrayNode();
    artifacts.forEach(
        (path, kept) ->
            files
                .addObject()
                .put("path", path)
                .put("sha256", kept.sha256())
                .put("bytes", kept.bytes()));
    result.set("artifacts", files);
  }

  /** What is the same wherever a deterministic script runs; what is compared. */
  ObjectNode comparable(ObjectMapper json) {
    ObjectNode result = json.createObjectNode();
    code(result);
    result.remove("cpu_ms");
    result.remove("wall_ms");
    result.remove("peak_bytes");
    return result;
  }

  /** Throws away what is half written. */
  @Override
  public void close() throws IOException {
    ArtifactStore.Incoming open = file;
    file = null;
    if (open != null) {
      open.close();
    }
  }
}
