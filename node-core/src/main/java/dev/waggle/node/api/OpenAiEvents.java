package dev.waggle.node.api;

import dev.waggle.mesh.swarm.exchange.Progress;

/** What all of OpenAI's streamed answers have in common. */
abstract class OpenAiEvents implements AnswerForm {
  @Override
  public final String streamType() {
    return "text/event-stream";
  }

  /** A comment, which clients skip. */
  @Override
  public final String keepAlive(Progress progress) {
    if (progress.running()) {
      return ": working\n\n";
    }
    return ": queue position "
        + progress.queuePosition()
        + ", about "
        + progress.eta().toMillis()
        + " ms\n\n";
  }

  @Override
  public String error(ApiError error) {
    return OpenAiJson.event(error.openAi());
  }

  @Override
  public final String errorBody(ApiError error) {
    return error.openAi().toString();
  }
}
