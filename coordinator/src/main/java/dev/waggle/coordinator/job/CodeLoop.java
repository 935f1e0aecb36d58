package dev.waggle.coordinator.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Has code written for a {@link CodeTarget}: the work is taken apart, and of each part candidates
 * are planned, written, tested in a sandbox and corrected by what the tests said, until one passes
 * there and, once more, on another node. Where none does, a larger model is asked, then one outside
 * the swarm where that is allowed. A part that does not come about is no reason to give up: the
 * work is then done undivided. Where that does not come about, a person is asked.
 *
 * <p>It runs from the beginning after a crash or an answer, and finds again what it had by the
 * names of its steps.
 */
final class CodeLoop {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SHOWN_CHARACTERS_MAX = 8_000;
  private static final int QUESTIONS_MAX = 10;
  private static final String DRAFT = "draft";
  private static final Duration IDLE_MAX = Duration.ofSeconds(10);

  private final CodeOrder order;
  private final CodeTools tools;
  private final CodeTarget target;

  /** What was written for a part, and what its tests said. */
  private record Candidate(String code, boolean passed, String failure, String worker) {
    static final Candidate NONE = new Candidate("", false, "", "");
  }

  private CodeLoop(CodeOrder order, CodeTools tools, CodeTarget target) {
    this.order = order;
    this.tools = tools;
    this.target = target;
  }

  /** Threads that take so much work at once, and refuse more. */
  static ThreadPoolExecutor threads(String name, int most) {
    AtomicInteger next = new AtomicInteger(1);
    return new ThreadPoolExecutor(
        0,
        most,
        IDLE_MAX.toSeconds(),
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        work -> {
          Thread thread = new Thread(work, name + "-" + next.getAndIncrement());
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Has code written; blocks. */
  static TaskEnd run(CodeOrder order, CodeTools tools) throws InterruptedException {
    try {
      CodeTarget target =
          order.repo() == null
              ? new SolutionTarget(order, tools)
              : new RepositoryTarget(order, tools, tools.repository(order.repo()));
      return new CodeLoop(order, tools, target).write();
    } catch (IOException e) {
      return new TaskEnd.Failed(String.valueOf(e.getMessage()), e instanceof RefusedException);
    }
  }

  private TaskEnd write() throws IOException, InterruptedException {
    List<Subtask> all = target.parts();
    ObjectNode decomposed = event("decomposed", "");
    all.forEach(each -> decomposed.withArray("parts").add(each.name()));
    tools.tell(decomposed);
    List<Subtask> parts = all.subList(0, all.size() - 1);
    Map<String, String> made = new LinkedHashMap<>();
    Subtask whole = all.get(parts.size());
    if (!isMade(parts, made)) {
      made.clear();
      whole = Decomposition.single(order.prompt()).get(0);
    }
    CodePart part = planned(whole, made);
    Questions questions = new Questions();
    Optional<Candidate> right = passing(part, questions);
    if (right.isEmpty()) {
      return questions.end();
    }
    made.put(whole.name(), right.get().code());
    ObjectNode result = target.result(made);
    result.put("test_output", right.get().failure()).put("peerId", right.get().worker());
    return new TaskEnd.Done(result.toString());
  }

  /**
   * Makes parts of the work, as far as they come about.
   *
   * @param made takes their code, by their names
   * @return whether all came about
   */
  private boolean isMade(List<Subtask> parts, Map<String, String> made)
      throws IOException, InterruptedException {
    for (Subtask each : parts) {
      Candidate last;
      try {
        last = written(planned(each, made));
      } catch (RefusedException e) {
        last = new Candidate("", false, String.valueOf(e.getMessage()), "");
      }
      if (!last.passed()) {
        tools.tell(event("undivided", each.name()).put("output", shown(last.failure())));
        return false;
      }
      made.put(each.name(), last.code());
    }
    return true;
  }

  private CodePart planned(Subtask subtask, Map<String, String> made)
      throws IOException, InterruptedException {
    CodePart part = target.plan(subtask, made);
    tools.tell(
        event("planned", subtask.name()).put("plan", part.plan()).put("tests", part.tests()));
    return part;
  }

  /** The best that models write for a part. */
  private Candidate written(CodePart part) throws IOException, InterruptedException {
    Candidate draft = Candidate.NONE;
    Optional<String> code = target.draft(part);
    if (code.isPresent()) {
      String step = part.subtask().steps() + "/" + DRAFT;
      draft = test(part, step, DRAFT, 1, "", code.get(), draft);
    }
    if (draft.passed()) {
      return draft;
    }
    List<Candidate> tried = best(part, draft);
    Candidate last = tried.get(tried.size() - 1);
    if (!last.passed() && order.larger() != null) {
      tools.tell(event("escalated", part.subtask().name()).put("to", order.larger()));
      last = attempt(part, "larger", order.larger(), 1, new CodeTools.Spread(), last);
    }
    if (!last.passed()) {
      last = upstream(part, last);
    }
    return last;
  }

  /** The whole, with the help of a person where models do not get it right. */
  private Optional<Candidate> passing(CodePart part, Questions questions)
      throws IOException, InterruptedException {
    Candidate last = written(part);
    while (!last.passed()) {
      Optional<JsonNode> answer = questions.next(part, last);
      if (answer.isEmpty()) {
        return Optional.empty();
      }
      last = person(part, last, answer.get(), questions.asked());
    }
    return Optional.of(last);
  }

  /** Candidates beside each other; the first that passes ends the others. The last is the best. */
  private List<Candidate> best(CodePart part, Candidate draft)
      throws IOException, InterruptedException {
    CodeTools.Spread spread = new CodeTools.Spread();
    if (order.candidates() == 1) {
      return List.of(attempt(part, "1", order.model(), 1, spread, draft));
    }
    ThreadPoolExecutor threads = threads("job-candidate", order.candidates());
    List<Candidate> ended = new ArrayList<>();
    IOException trouble = new IOException("no candidate was written");
    try {
      CompletionService<Candidate> racing = new ExecutorCompletionService<>(threads);
      for (int i = 1; i <= order.candidates(); i++) {
        int number = i;
        racing.submit(() -> attempt(part, "" + number, order.model(), number, spread, draft));
      }
      for (int i = 0; i < order.candidates(); i++) {
        Future<Candidate> next = racing.take();
        try {
          ended.add(next.get());
          if (next.get().passed()) {
            return ended;
          }
        } catch (ExecutionException e) {
          trouble =
              e.getCause() instanceof RefusedException refused
                  ? refused
                  : new IOException(
                      String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()), e);
        }
      }
    } finally {
      threads.shutdownNow();
    }
    if (ended.isEmpty()) {
      throw trouble;
    }
    return ended;
  }

  /** One candidate through its rounds, as long as it is answered at all. */
  private Candidate attempt(
      CodePart part, String who, String model, long seed, CodeTools.Spread spread, Candidate before)
      throws IOException, InterruptedException {
    Candidate now = before;
    for (int round = 1; round <= order.rounds() && !now.passed(); round++) {
      String step = part.subtask().steps() + "/" + who + "/" + round;
      // Another seed each time: to the same question the same answer would come again.
      long own = seed * CodeOrder.ROUNDS_MAX + round;
      Optional<Answer> answer = Optional.empty();
      String trouble = "";
      for (Question each : questions(part, step, now)) {
        try {
          String text = tools.ask(each.step(), model, each.messages(), own, spread);
          answer = Optional.of(new Answer(prompt(each.messages()), target.codeOf(text)));
          break;
        } catch (RefusedException e) {
          tools.tellRefused(each.step(), e);
          trouble = e.getMessage();
        }
      }
      if (answer.isEmpty()) {
        return now.code().isEmpty() ? new Candidate("", false, trouble, "") : now;
      }
      now = test(part, step, who, round, answer.get().prompt(), answer.get().code(), now);
    }
    return now;
  }

  /** One way to ask for code. */
  private record Question(String step, List<ChatMessage> messages) {}

  private record Answer(String prompt, String code) {}

  /** From the whole to what a model of little context may take: without a plan, then anew. */
  private List<Question> questions(CodePart part, String step, Candidate before) {
    CodePart unplanned = new CodePart(part.subtask(), "", part.tests(), part.others());
    Set<List<ChatMessage>> ways = new LinkedHashSet<>();
    ways.add(messages(part, before));
    ways.add(messages(unplanned, before));
    ways.add(target.write(unplanned));
    List<Question> questions = new ArrayList<>();
    for (List<ChatMessage> each : ways) {
      String shorter = questions.isEmpty() ? "" : "-shorter-" + questions.size();
      questions.add(new Question(step + "/code" + shorter, each));
    }
    return questions;
  }

  private List<ChatMessage> messages(CodePart part, Candidate before) {
    return before.code().isBlank()
        ? target.write(part)
        : target.repair(part, before.code(), before.failure());
  }

  private static String prompt(List<ChatMessage> messages) {
    return messages.get(messages.size() - 1).content();
  }

  /**
   * Tests some code, and again on another node if it passes.
   *
   * @param before what was tested last; the same code is not tested again
   */
  private Candidate test(
      CodePart part,
      String step,
      String who,
      int round,
      String prompt,
      String code,
      Candidate before)
      throws IOException, InterruptedException {
    ObjectNode event =
        event("round", part.subtask().name())
            .put("candidate", who)
            .put("round", round)
            .put("prompt", shown(prompt))
            .put("code", code);
    if (code.equals(before.code())) {
      event.put("output", shown(before.failure())).put("passed", false).put("repeated", true);
      tools.tell(event);
      return before;
    }
    TaskSpec.Code script;
    CodeTools.Ran ran;
    try {
      script = target.test(part, code);
      ran = tools.run(step + "/test", script, Set.of());
    } catch (UnreadableAnswerException | RefusedException e) {
      String why = String.valueOf(e.getMessage());
      tools.tell(event.put("output", why).put("passed", false));
      return new Candidate(code, false, why, "");
    }
    event
        .put("output", shown(ran.output()))
        .put("passed", ran.passed())
        .put("worker", ran.worker());
    if (!ran.passed()) {
      tools.tell(event);
      return new Candidate(code, false, ran.output(), ran.worker());
    }
    CodeTools.Ran again = tools.run(step + "/verify", script, Set.of(ran.worker()));
    tools.tell(event.put("verified", again.passed()).put("verifiedBy", again.worker()));
    return new Candidate(code, again.passed(), again.output(), again.worker());
  }

  private Candidate upstream(CodePart part, Candidate last)
      throws IOException, InterruptedException {
    List<ChatMessage> messages = messages(part, last);
    String step = part.subtask().steps() + "/upstream";
    Optional<String> answer = tools.askUpstream(step, messages);
    if (answer.isEmpty()) {
      return last;
    }
    tools.tell(event("escalated", part.subtask().name()).put("to", "upstream"));
    return test(part, step, "upstream", 1, prompt(messages), target.codeOf(answer.get()), last);
  }

  /** A person added something, or wrote the code. */
  private Candidate person(CodePart part, Candidate last, JsonNode answer, int question)
      throws IOException, InterruptedException {
    String who = "answer-" + question;
    if (answer.has("code")) {
      String step = part.subtask().steps() + "/" + who;
      return test(part, step, "person", 1, "", answer.path("code").asText(), Candidate.NONE);
    }
    String context = answer.path("context").asText();
    CodePart told =
        new CodePart(
            part.subtask(),
            part.plan() + "\n\nFrom the person who wants it:\n" + context,
            part.tests(),
            part.others());
    return attempt(told, who, order.model(), question + 1L, new CodeTools.Spread(), last);
  }

  /** What people are asked. */
  private final class Questions {
    private int asked;
    private TaskEnd end = new TaskEnd.Failed("no code passed its tests", /* isFinal= */ true);

    /** A person's answer, if there is one; else the job waits for it, or gives up. */
    Optional<JsonNode> next(CodePart part, Candidate last) {
      Optional<JsonNode> answer = tools.answer(asked);
      asked++;
      if (answer.isPresent() && answer.get().path("give_up").asBoolean()) {
        end = new TaskEnd.Failed("it was given up; no code passed its tests", /* isFinal= */ true);
        return Optional.empty();
      }
      if (answer.isEmpty() && asked <= QUESTIONS_MAX) {
        end =
            new TaskEnd.Asks(
                event("asked", part.subtask().name())
                    .put("code", last.code())
                    .put("output", shown(last.failure()))
                    .setAll(target.shown(part, last.code()))
                    .toString());
      }
      return answer;
    }

    int asked() {
      return asked;
    }

    TaskEnd end() {
      return end;
    }
  }

  private static ObjectNode event(String what, String part) {
    return JSON.createObjectNode().put("what", what).put("part", part);
  }

  private static String shown(String text) {
    return text.length() <= SHOWN_CHARACTERS_MAX
        ? text
        : text.substring(0, SHOWN_CHARACTERS_MAX) + "...";
  }
}
