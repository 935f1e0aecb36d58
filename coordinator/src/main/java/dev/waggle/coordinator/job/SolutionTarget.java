package dev.waggle.coordinator.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Code that stands by itself, in as many files as it was taken apart into. */
final class SolutionTarget implements CodeTarget {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final CodeOrder order;
  private final CodeTools tools;
  private final CodeLanguage language;
  private final CodePrompts prompts;
  private final Set<Label> labels;
  private final CodeTools.Spread anywhere = new CodeTools.Spread();

  SolutionTarget(CodeOrder order, CodeTools tools) {
    this.order = order;
    this.tools = tools;
    this.language = CodeLanguage.find(order.language()).orElseThrow();
    this.prompts = new CodePrompts(language);
    this.labels = Label.all(order.labels(), Label.OF_REQUEST_MAX);
  }

  private String propose(String step, List<ChatMessage> messages)
      throws IOException, InterruptedException {
    return tools.askIfTaken(step, order.planner(), messages, anywhere);
  }

  @Override
  public List<Subtask> parts() throws IOException, InterruptedException {
    return Decomposition.parse(
        propose("decompose", prompts.decompose(order.prompt())), order.prompt());
  }

  @Override
  public CodePart plan(Subtask part, Map<String, String> made)
      throws IOException, InterruptedException {
    String plan = propose(part.steps() + "/plan", prompts.plan(part, made));
    return new CodePart(part, plan, tests(part, plan), made);
  }

  /** The user's tests are for the whole; those of other parts are written, too. */
  private String tests(Subtask part, String plan) throws IOException, InterruptedException {
    if (order.tests() != null && part.isWhole()) {
      return order.tests();
    }
    List<ChatMessage> messages = prompts.tests(part, plan);
    return CodePrompts.codeOf(
        tools.ask(part.steps() + "/tests", order.planner(), messages, 0, anywhere));
  }

  @Override
  public Optional<String> draft(CodePart part) {
    return Optional.empty();
  }

  @Override
  public List<ChatMessage> write(CodePart part) {
    return prompts.code(part.subtask(), part.plan(), part.tests(), part.others());
  }

  @Override
  public List<ChatMessage> repair(CodePart part, String code, String failure) {
    return prompts.repair(part.subtask(), part.plan(), part.tests(), part.others(), code, failure);
  }

  @Override
  public String codeOf(String answer) {
    return CodePrompts.codeOf(answer);
  }

  @Override
  public TaskSpec.Code test(CodePart part, String code) throws UnreadableAnswerException {
    if (code.isBlank()) {
      throw new UnreadableAnswerException("the answer is empty");
    }
    Map<String, String> files = new LinkedHashMap<>(part.others());
    files.put(part.subtask().name(), code);
    return language.test(part.tests(), files, labels, order.testLimits());
  }

  @Override
  public ObjectNode shown(CodePart part, String code) {
    return JSON.createObjectNode();
  }

  @Override
  public ObjectNode result(Map<String, String> made) {
    ObjectNode result = JSON.createObjectNode();
    result.put("text", made.get(Subtask.WHOLE));
    ObjectNode files = result.putObject("files");
    made.forEach((name, code) -> files.put(language.file(name), code));
    return result;
  }
}
