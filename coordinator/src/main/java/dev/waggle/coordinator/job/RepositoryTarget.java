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
 * A change of a repository. Each answer says how the files differ from what the parts before it
 * left; the snapshot below them never changes. Parts are tested by what the models write for them;
 * the whole, by the user's tests or the repository's own.
 */
final class RepositoryTarget implements CodeTarget {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final CodeOrder order;
  private final CodeTools tools;
  private final Repository frozen;
  private final CodeLanguage language;
  private final RepositoryPrompts prompts;
  private final Set<Label> labels;
  private final CodeTools.Spread anywhere = new CodeTools.Spread();

  RepositoryTarget(CodeOrder order, CodeTools tools, Repository frozen) {
    this.order = order;
    this.tools = tools;
    this.frozen = frozen;
    this.language = CodeLanguage.find(order.language()).orElseThrow();
    this.prompts =
        new RepositoryPrompts(order.prompt(), language, Optional.ofNullable(order.tests()));
    this.labels = Label.all(order.labels(), Label.OF_REQUEST_MAX);
  }

  @Override
  public List<Subtask> parts() throws IOException, InterruptedException {
    return Decomposition.parse(
        tools.askIfTaken("decompose", order.planner(), prompts.decompose(frozen), anywhere),
        order.prompt());
  }

  @Override
  public CodePart plan(Subtask part, Map<String, String> made)
      throws IOException, InterruptedException {
    if (part.isWhole()) {
      String tests = order.tests() == null ? language.ownTests().orElseThrow() : order.tests();
      String plan = made.isEmpty() ? propose(part, frozen) : RepositoryPrompts.made(made.keySet());
      return new CodePart(part, plan, tests, made);
    }
    Repository now = after(made);
    String plan = propose(part, now);
    return new CodePart(part, plan, CodePrompts.codeOf(tests(part, plan, now)), made);
  }

  /** What the planner writes to test a part; asked in short where all is too much for it. */
  private String tests(Subtask part, String plan, Repository now)
      throws IOException, InterruptedException {
    String step = part.steps() + "/tests";
    try {
      return tools.ask(
          step, order.planner(), prompts.tests(part, plan, Optional.of(now)), 0, anywhere);
    } catch (RefusedException e) {
      tools.tellRefused(step, e);
      return tools.ask(
          step + "-shorter-1",
          order.planner(),
          prompts.tests(part, "", Optional.empty()),
          0,
          anywhere);
    }
  }

  private String propose(Subtask part, Repository now) throws IOException, InterruptedException {
    return tools.askIfTaken(
        part.steps() + "/plan", order.planner(), prompts.plan(part, now), anywhere);
  }

  /** What its parts left may be all. */
  @Override
  public Optional<String> draft(CodePart part) {
    return part.subtask().isWhole() && !part.others().isEmpty()
        ? Optional.of(RepositoryChange.NO_CHANGE + "\n")
        : Optional.empty();
  }

  @Override
  public List<ChatMessage> write(CodePart part) {
    return prompts.change(part, after(part.others()));
  }

  @Override
  public List<ChatMessage> repair(CodePart part, String code, String failure) {
    String trouble;
    try {
      changed(part, code);
      trouble = RepositoryPrompts.testsFailed(failure);
    } catch (UnreadableAnswerException e) {
      trouble = RepositoryPrompts.unreadable(e.getMessage());
    }
    return prompts.repair(part, after(part.others()), code, trouble);
  }

  @Override
  public String codeOf(String answer) {
    return answer.strip() + "\n";
  }

  @Override
  public TaskSpec.Code test(CodePart part, String code) throws UnreadableAnswerException {
    RepositoryChange change = changed(part, code).change();
    return new TaskSpec.Code(
        language.language(),
        labels,
        part.tests(),
        List.of(),
        Bytes.EMPTY,
        List.copyOf(change.written().values()),
        List.of(),
        frozen.limits(order.testLimits()),
        Optional.of(frozen.snapshot(change.deleted())));
  }

  /** The repository as some code for a part leaves it, which has to be changed then. */
  private Repository changed(CodePart part, String code) throws UnreadableAnswerException {
    Repository before = after(part.others());
    Repository now = before.with(RepositoryChange.parse(code, before));
    RepositoryChange change = now.change();
    if (change.isEmpty()) {
      throw new UnreadableAnswerException("nothing is changed by it");
    }
    if (change.written().size() + change.deleted().size() > TaskSpec.Code.FILES_MAX) {
      throw new UnreadableAnswerException(
          "more than " + TaskSpec.Code.FILES_MAX + " files are changed in all");
    }
    return now;
  }

  /** The repository as parts left it, whose code passed its tests. */
  private Repository after(Map<String, String> made) {
    Repository now = frozen;
    for (String each : made.values()) {
      try {
        now = now.with(RepositoryChange.parse(each, now));
      } catch (UnreadableAnswerException e) {
        throw new IllegalStateException("what passed its tests was read before", e);
      }
    }
    return now;
  }

  @Override
  public ObjectNode shown(CodePart part, String code) {
    ObjectNode shown = JSON.createObjectNode();
    try {
      return shown.put("patch", RepositoryPatch.of(changed(part, code)));
    } catch (UnreadableAnswerException e) {
      return shown;
    }
  }

  @Override
  public ObjectNode result(Map<String, String> made) {
    Repository now = after(made);
    RepositoryChange change = now.change();
    ObjectNode result = JSON.createObjectNode();
    result.put("patch", RepositoryPatch.of(now));
    change.written().keySet().forEach(result.putArray("written")::add);
    change.deleted().forEach(result.putArray("deleted")::add);
    return result.put("repo", order.repo());
  }
}
