package dev.waggle.node.api;

import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Progress;
import java.util.List;

/** An answer that is never streamed. */
abstract class WholeForm implements AnswerForm {
  @Override
  public final String streamType() {
    throw neverStreamed();
  }

  @Override
  public final String begin() {
    throw neverStreamed();
  }

  @Override
  public final String piece(int choice, Chunk chunk) {
    throw neverStreamed();
  }

  @Override
  public final String keepAlive(Progress progress) {
    throw neverStreamed();
  }

  @Override
  public final String end(int choice, TaskSummary summary) {
    throw neverStreamed();
  }

  @Override
  public final String complete(List<Gathered> choices) {
    throw neverStreamed();
  }

  @Override
  public final String error(ApiError error) {
    throw neverStreamed();
  }

  private static AssertionError neverStreamed() {
    return new AssertionError("this answer is never streamed");
  }
}
