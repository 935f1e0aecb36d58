package dev.waggle.node.api;

import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Logprob;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One choice of an answer, put together from its chunks. */
final class Gathered {
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder thinking = new StringBuilder();
  private final SortedMap<Integer, Call> calls = new TreeMap<>();
  private final List<Logprob> logprobs = new ArrayList<>();
  private final SortedMap<Integer, List<Float>> vectors = new TreeMap<>();
  private long bytes;
  private @Nullable TaskSummary summary;

  private static final class Call {
    String id = "";
    String name = "";
    final StringBuilder arguments = new StringBuilder();
  }

  void add(Chunk chunk) {
    bytes += chunk.bytes();
    if (chunk instanceof Chunk.Text piece) {
      text.append(piece.text());
      logprobs.addAll(piece.logprobs());
    } else if (chunk instanceof Chunk.Thinking thought) {
      thinking.append(thought.text());
    } else if (chunk instanceof Chunk.Call call) {
      add(call.part());
    } else if (chunk instanceof Chunk.Vector vector) {
      vectors.put(vector.index(), vector.values());
    }
  }

  private void add(ToolCall part) {
    Call call = calls.computeIfAbsent(part.index(), index -> new Call());
    call.id = call.id.isEmpty() ? part.id() : call.id;
    call.name = call.name.isEmpty() ? part.name() : call.name;
    call.arguments.append(part.arguments());
  }

  /** What came is void. */
  void clear() {
    text.setLength(0);
    thinking.setLength(0);
    calls.clear();
    logprobs.clear();
    vectors.clear();
    bytes = 0;
  }

  void end(TaskSummary end) {
    summary = end;
  }

  boolean hasEnded() {
    return summary != null;
  }

  /** How it ended; has to have ended. */
  TaskSummary summary() {
    return Optional.ofNullable(summary).orElseThrow();
  }

  /** How much it is, in bytes. */
  long bytes() {
    return bytes;
  }

  String text() {
    return text.toString();
  }

  String thinking() {
    return thinking.toString();
  }

  List<Logprob> logprobs() {
    return logprobs;
  }

  /** The vectors, by the order of their inputs. */
  List<List<Float>> vectors() {
    return List.copyOf(vectors.values());
  }

  /** The calls, whole. */
  List<ToolCall> calls() {
    List<ToolCall> whole = new ArrayList<>();
    calls.forEach(
        (index, call) ->
            whole.add(new ToolCall(index, call.id, call.name, call.arguments.toString())));
    return whole;
  }
}
