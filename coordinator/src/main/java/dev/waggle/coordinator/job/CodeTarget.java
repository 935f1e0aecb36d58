package dev.waggle.coordinator.job;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What code is written for, as far as it makes a difference: a solution that stands by itself, or a
 * repository that is changed. {@link CodeLoop} does the rest. Blocks where it asks a model.
 */
interface CodeTarget {
  /** The parts in which it is written, each after those that it uses. */
  List<Subtask> parts() throws IOException, InterruptedException;

  /**
   * A plan for a part, and its tests.
   *
   * @param made the code of the parts that are there already, by their names
   */
  CodePart plan(Subtask part, Map<String, String> made) throws IOException, InterruptedException;

  /** Code that may be right already, before anybody is asked for it. */
  Optional<String> draft(CodePart part);

  /** Asks for a part. */
  List<ChatMessage> write(CodePart part);

  /** Asks again for a part, whose code is not right yet. */
  List<ChatMessage> repair(CodePart part, String code, String failure);

  /** The code of a model's answer. */
  String codeOf(String answer);

  /**
   * The run that shows whether some code is right.
   *
   * @throws UnreadableAnswerException if it is none that could be run
   */
  TaskSpec.Code test(CodePart part, String code) throws UnreadableAnswerException;

  /** What a person sees of some code who is asked about it, apart from the code. */
  ObjectNode shown(CodePart part, String code);

  /**
   * What is handed over.
   *
   * @param made the code of all parts, by their names; each passed its tests
   */
  ObjectNode result(Map<String, String> made);
}
