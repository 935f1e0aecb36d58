package dev.waggle.coordinator.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A change of a repository, as a whole: parts of a change have no tests of their own, so it is not
 * taken apart. Each answer says how the files differ from the snapshot, which never changes.
 */
final class RepositoryTarget implements CodeTarget {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final CodeOrder order;
  private final CodeTools tools;
  private final Repository repository;
  private final CodeLanguage language;
  private final RepositoryPrompts prompts;
  private final Set<Label> labels;

  RepositoryTarget(CodeOrder order, CodeTools tools, Repository repository) {
    this.order = order;
    this.tools = tools;
    this.repository = repository;
    this.language = CodeLanguage.find(order.language()).orElseThrow();
    this.prompts =
        new RepositoryPrompts(
            order.prompt(), language.text(), Optional.ofNullable(order.tests()), repository);
    this.labels = Label.all(order.labels(), Label.OF_REQUEST_MAX);
  }

  @Override
  public List<Subtask> parts() {
    return Decomposition.single(order.prompt());
  }

  @Override
  public CodePart plan(Subtask part, Map<String, String> made)
      throws IOException, InterruptedException {
    String plan =
        tools.askIfTaken(
            part.name() + "/plan", order.planner(), prompts.plan(), new CodeTools.Spread());
    String tests = order.tests() == null ? language.ownTests().orElseThrow() : order.tests();
    return new CodePart(part, plan, tests, made);
  }

  @Override
  public List<ChatMessage> write(CodePart part) {
    return prompts.change(part.plan());
  }

  @Override
  public List<ChatMessage> repair(CodePart part, String code, String failure) {
    String trouble;
    try {
      RepositoryChange.parse(code, repository);
      trouble = RepositoryPrompts.testsFailed(failure);
    } catch (UnreadableAnswerException e) {
      trouble = RepositoryPrompts.unreadable(e.getMessage());
    }
    return prompts.repair(part.plan(), code, trouble);
  }

  @Override
  public String codeOf(String answer) {
    return answer.strip() + "\n";
  }

  @Override
  public TaskSpec.Code test(CodePart part, String code) throws UnreadableAnswerException {
    RepositoryChange change = RepositoryChange.parse(code, repository);
    return new TaskSpec.Code(
        language.language(),
        labels,
        part.tests(),
        List.of(),
        Bytes.EMPTY,
        List.copyOf(change.written().values()),
        List.of(),
        repository.limits(order.testLimits()),
        Optional.of(repository.snapshot(change.deleted())));
  }

  @Override
  public ObjectNode result(Map<String, String> made) {
    RepositoryChange change;
    try {
      change = RepositoryChange.parse(made.getOrDefault(Subtask.WHOLE, ""), repository);
    } catch (UnreadableAnswerException e) {
      throw new IllegalStateException("what passed its tests was read before", e);
    }
    ObjectNode result = JSON.createObjectNode();
    result.put("patch", RepositoryPatch.of(repository, change));
    change.written().keySet().forEach(result.putArray("written")::add);
    change.deleted().forEach(result.putArray("deleted")::add);
    return result.put("repo", order.repo());
  }
}
