package dev.waggle.node.api;

import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;

/** How an answer looks in one dialect. All bytes are UTF-8 text. */
interface AnswerForm {
  /** The content type of a streamed answer. */
  String streamType();

  /** What a stream begins with. */
  String begin();

  /** A piece of a stream. */
  String piece(Chunk chunk);

  /** Something that means nothing but shows that the stream is alive. */
  String keepAlive();

  /** What a complete stream ends with. */
  String end(TaskSummary summary);

  /** What a stream ends with that broke. */
  String error(ApiError error);

  /** The body of an error without a stream. */
  String errorBody(ApiError error);

  /** The body of an answer without a stream. */
  String whole(TaskSummary summary, String text, String thinking);
}
