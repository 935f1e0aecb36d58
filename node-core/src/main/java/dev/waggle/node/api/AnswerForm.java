package dev.waggle.node.api;

import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Progress;
import java.util.List;

/**
 * How an answer looks in one dialect. All bytes are UTF-8 text. Made for one request; what it says
 * next may depend on what it said.
 */
interface AnswerForm {
  /** The content type of a streamed answer. */
  String streamType();

  /** What a stream begins with. */
  String begin();

  /** A piece of one choice, from 0. */
  String piece(int choice, Chunk chunk);

  /** Something that means nothing but shows that the stream is alive, and how it goes. */
  String keepAlive(Progress progress);

  /** What is said when one choice is complete, and others are not yet. */
  String end(int choice, TaskSummary summary);

  /** What a stream ends with, after the end of each choice. */
  String complete(List<Gathered> choices);

  /** What a stream ends with that broke. */
  String error(ApiError error);

  /** The body of an error without a stream. */
  String errorBody(ApiError error);

  /** The body of an answer without a stream. */
  String whole(List<Gathered> choices);
}
