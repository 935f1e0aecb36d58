package dev.waggle.coordinator.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The loop with models that say what they are told to, and tests that look for a word. */
class CodeLoopTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RIGHT = "```python\nright = 1\n```";
  private static final String WRONG = "```python\nwrong = 1\n```";

  /** Scripts pass where a file of theirs has the word "right". */
  private static final class Script implements CodeTools {
    final Map<String, String> answers = new HashMap<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    final List<Set<String>> notBy = new CopyOnWriteArrayList<>();
    final List<TaskSpec.Code> ran = new CopyOnWriteArrayList<>();
    final List<JsonNode> told = new CopyOnWriteArrayList<>();
    final List<JsonNode> people = new ArrayList<>();
    final Set<String> refused = new HashSet<>();
    final Set<String> failing = new HashSet<>();
    final Set<Long> seeds = new HashSet<>();
    final Map<String, String> kept = new ConcurrentHashMap<>();
    final AtomicInteger runs = new AtomicInteger();
    @Nullable String upstream;
    final Repository repository = RepositoryTest.repository();

    @Override
    public String ask(
        String step, String model, List<ChatMessage> messages, long seed, Spread spread)
        throws RefusedException {
      if (refused.contains(step)) {
        throw new RefusedException("too long", new IOException());
      }
      seeds.add(seed);
      return kept.computeIfAbsent(
          step,
          name -> {
            asked.add(name + " of " + model);
            return answers.getOrDefault(
                name, answers.getOrDefault(model, name.endsWith("/code") ? WRONG : "{}"));
          });
    }

    @Override
    public Repository repository(String sha256) {
      return repository;
    }

    @Override
    public Ran run(String step, TaskSpec.Code script, Set<String> others) {
      notBy.add(others);
      ran.add(script);
      int worker = runs.incrementAndGet();
      boolean passed =
          !failing.contains(step)
              && script.files().stream().anyMatch(each -> each.content().text().contains("right"));
      return new Ran(passed, passed ? "" : "AssertionError", "worker-" + worker);
    }

    @Override
    public Optional<String> askUpstream(String step, List<ChatMessage> messages) {
      return Optional.ofNullable(upstream);
    }

    @Override
    public void tell(ObjectNode event) {
      told.add(event);
    }

    @Override
    public Optional<JsonNode> answer(int question) {
      return question < people.size() ? Optional.of(people.get(question)) : Optional.empty();
    }

    List<JsonNode> rounds() {
      return told.stream().filter(each -> each.path("what").asText().equals("round")).toList();
    }
  }

  private final Script script = new Script();

  private static CodeOrder order(int rounds, int candidates, @Nullable String larger) {
    return order(rounds, candidates, larger, null);
  }

  private static CodeOrder order(
      int rounds, int candidates, @Nullable String larger, @Nullable CodeLimits limits) {
    return new CodeOrder(
        "do it",
        "python",
        "from solution import *",
        "small",
        "planner",
        larger,
        rounds,
        candidates,
        List.of(),
        null,
        limits);
  }

  private JsonNode done(TaskEnd end) throws IOException {
    assertThat(end).isInstanceOf(TaskEnd.Done.class);
    return JSON.readTree(((TaskEnd.Done) end).result());
  }

  @Test
  void codeThatPasses_isVerifiedOnAnotherNode() throws Exception {
    script.answers.put("small", RIGHT);
    JsonNode result = done(CodeLoop.run(order(3, 1, null), script));
    assertThat(result.path("text").asText()).isEqualTo("right = 1\n");
    assertThat(result.path("files").path("solution.py").asText()).isEqualTo("right = 1\n");
    assertThat(script.notBy).containsExactly(Set.of(), Set.of("worker-1"));
    assertThat(script.asked)
        .containsExactly(
            "decompose of planner", "solution/plan of planner", "solution/1/1/code of small");
    assertThat(script.rounds().get(0).path("verifiedBy").asText()).isEqualTo("worker-2");
  }

  @Test
  void failure_isGivenBack_untilItPasses() throws Exception {
    script.answers.put("solution/1/3/code", RIGHT);
    done(CodeLoop.run(order(4, 1, null), script));
    assertThat(script.rounds().stream().map(each -> each.path("passed").asBoolean()))
        .containsExactly(false, false, true);
    assertThat(script.rounds().get(1).path("prompt").asText()).contains("AssertionError");
  }

  @Test
  void parts_areMadeInOrder_andSeeWhatTheyUse() throws Exception {
    script.answers.put(
        "decompose",
        "Sure: {\"parts\":[{\"name\":\"b\",\"prompt\":\"second\",\"after\":[\"a\"]},"
            + "{\"name\":\"a\",\"prompt\":\"first\",\"after\":[]}]}");
    script.answers.put("small", RIGHT);
    JsonNode result = done(CodeLoop.run(order(1, 1, null), script));
    assertThat(result.path("files").properties().stream().map(Map.Entry::getKey))
        .containsExactly("a.py", "b.py", "solution.py");
    assertThat(script.asked)
        .containsSubsequence(
            "a/tests of planner",
            "a/1/1/code of small",
            "b/1/1/code of small",
            "solution-rest/1/1/code of small")
        .doesNotContain("solution-rest/tests of planner");
  }

  @Test
  void candidates_race_andTheFirstThatPassesWins() throws Exception {
    script.answers.put("solution/2/1/code", RIGHT);
    JsonNode result = done(CodeLoop.run(order(1, 3, null), script));
    assertThat(result.path("text").asText()).isEqualTo("right = 1\n");
  }

  @Test
  void escalation_asksALargerModel_thenOutside_thenAPerson() throws Exception {
    TaskEnd end = CodeLoop.run(order(2, 1, "large"), script);
    assertThat(end).isInstanceOf(TaskEnd.Asks.class);
    JsonNode question = JSON.readTree(((TaskEnd.Asks) end).question());
    assertThat(question.path("code").asText()).isEqualTo("wrong = 1\n");
    assertThat(question.path("output").asText()).contains("AssertionError");
    assertThat(script.asked).contains("solution/larger/2/code of large");

    script.upstream = RIGHT;
    assertThat(CodeLoop.run(order(2, 1, "large"), script)).isInstanceOf(TaskEnd.Done.class);
  }

  @Test
  void person_addsContext_orTheCode_orGivesUp() throws Exception {
    CodeOrder order = order(1, 1, null);
    assertThat(CodeLoop.run(order, script)).isInstanceOf(TaskEnd.Asks.class);
    int before = script.asked.size();
    script.people.add(JSON.readTree("{\"context\":\"use tabs\"}"));
    assertThat(CodeLoop.run(order, script)).as("still wrong").isInstanceOf(TaskEnd.Asks.class);
    assertThat(script.asked.subList(before, script.asked.size()))
        .as("nothing is asked twice")
        .containsExactly("solution/answer-1/1/code of small");
    script.people.add(JSON.readTree("{\"code\":\"right\"}"));
    assertThat(done(CodeLoop.run(order, script)).path("text").asText()).isEqualTo("right");
    script.people.set(1, JSON.readTree("{\"give_up\":true}"));
    assertThat(CodeLoop.run(order, script))
        .isInstanceOfSatisfying(
            TaskEnd.Failed.class, failed -> assertThat(failed.isFinal()).isTrue());
  }

  @Test
  void repository_isChangedUntilItsTestsPass_andAPatchComesOfIt() throws Exception {
    String broken = "FILE: calc.py\nreturn 1";
    String wrong = "FILE: calc.py\n```\nwrong\n```\nDELETE: old.txt";
    String right = "FILE: calc.py\n```\nright\n```\nDELETE: old.txt";
    script.answers.put("solution/1/1/code", broken);
    script.answers.put("solution/1/2/code", wrong);
    script.answers.put("solution/1/3/code", right);
    CodeLimits limits = new CodeLimits(Duration.ofMillis(1_500), 1 << 20, 2, 3, 4);
    CodeOrder order = change(3, limits);
    JsonNode result = done(CodeLoop.run(order, script));
    assertThat(result.path("patch").asText())
        .contains("--- a/calc.py", "+right", "deleted file mode 100644");
    assertThat(script.asked)
        .containsExactly(
            "decompose of planner",
            "solution/plan of planner",
            "solution/1/1/code of small",
            "solution/1/2/code of small",
            "solution/1/3/code of small");
    assertThat(script.rounds().get(0).path("output").asText()).contains("no block");
    assertThat(script.rounds().get(1).path("prompt").asText()).contains("cannot be used: no block");
    assertThat(script.rounds().get(2).path("prompt").asText()).contains("The tests fail");
    TaskSpec.Code ran = script.ran.get(script.ran.size() - 1);
    assertThat(ran.snapshot())
        .contains(new Snapshot(new BlobDigest("ab".repeat(32)), 1_024, List.of("old.txt")));
    assertThat(ran.files()).containsExactly(new CodeFile("calc.py", Bytes.of("right\n")));
    assertThat(ran.limits()).isEqualTo(script.repository.limits(limits));
    assertThat(ran.limits().wall()).isEqualTo(limits.wall());
    assertThat(script.notBy).as("verified elsewhere").endsWith(Set.of("worker-2"));
  }

  private static CodeOrder change(int rounds, @Nullable CodeLimits limits) {
    return new CodeOrder(
        "do it",
        "python",
        null,
        "small",
        "planner",
        null,
        rounds,
        1,
        List.of(),
        "ab".repeat(32),
        limits);
  }

  /** Two parts, the second of which uses the first, and their tests. */
  private void divided() {
    script.answers.put(
        "decompose",
        "{\"parts\":[{\"name\":\"b\",\"prompt\":\"second\",\"after\":[\"a\"]},"
            + "{\"name\":\"a\",\"prompt\":\"first\"}]}");
    script.answers.put("a/tests", "```\ntests of a\n```");
    script.answers.put("b/tests", "```\ntests of b\n```");
    script.answers.put("a/1/1/code", "FILE: calc.py\n```\nright\n```\nDELETE: old.txt");
    script.answers.put("b/1/1/code", "FILE: b.py\n```\nright, too\n```");
  }

  @Test
  void changeOfARepository_isMadeInParts_eachOnTopOfThoseBefore() throws Exception {
    divided();
    JsonNode result = done(CodeLoop.run(change(1, null), script));
    assertThat(result.path("written"))
        .extracting(JsonNode::asText)
        .containsExactly("b.py", "calc.py");
    assertThat(result.path("patch").asText())
        .contains("+++ b/calc.py", "+right\n", "+++ b/b.py", "+right, too", "deleted file mode");
    assertThat(script.asked)
        .as("what the parts left passes the tests of the whole: nobody is asked for more")
        .containsExactly(
            "decompose of planner",
            "a/plan of planner",
            "a/tests of planner",
            "a/1/1/code of small",
            "b/plan of planner",
            "b/tests of planner",
            "b/1/1/code of small");
    assertThat(script.ran.get(0).source()).isEqualTo("tests of a\n");
    assertThat(script.rounds().get(1).path("prompt").asText())
        .contains("second", "FILE: calc.py\n```\nright\n", "tests of b")
        .doesNotContain("old.txt");
    assertThat(script.ran.subList(2, 6))
        .as("a part and the whole, each on two nodes")
        .allSatisfy(
            run -> {
              assertThat(run.files()).extracting(CodeFile::path).containsExactly("b.py", "calc.py");
              assertThat(run.snapshot().orElseThrow().without()).containsExactly("old.txt");
            });
    assertThat(script.ran.get(5).source()).contains("unittest");
  }

  @Test
  void whatPartsOfAChangeLeft_isMendedWhereItIsNotAll() throws Exception {
    divided();
    script.failing.add("solution-rest/draft/test");
    script.answers.put("solution-rest/1/1/code", "NO CHANGE");
    script.answers.put("solution-rest/1/2/code", "FILE: c.py\n```\nright\n```");
    JsonNode result = done(CodeLoop.run(change(2, null), script));
    assertThat(result.path("written"))
        .extracting(JsonNode::asText)
        .containsExactly("b.py", "c.py", "calc.py");
    List<JsonNode> rounds = script.rounds();
    assertThat(rounds)
        .extracting(each -> each.path("candidate").asText())
        .endsWith("draft", "1", "1");
    assertThat(rounds.get(3).path("prompt").asText()).contains("The tests fail");
    assertThat(rounds.get(3).path("repeated").asBoolean()).isTrue();
    assertThat(script.asked).doesNotContain("solution-rest/plan of planner");
  }

  @Test
  void partThatDoesNotComeAbout_isNoReasonToGiveUp_theWorkIsDoneUndivided() throws Exception {
    divided();
    script.answers.put("b/1/1/code", "FILE: b.py\n```\nwrong\n```");
    script.failing.add("b/1/1/test");
    script.answers.put("solution/1/1/code", "FILE: d.py\n```\nright\n```");
    JsonNode result = done(CodeLoop.run(change(1, null), script));
    assertThat(result.path("written")).as("from the beginning").hasSize(1);
    assertThat(script.told.stream().filter(each -> each.path("what").asText().equals("undivided")))
        .singleElement()
        .satisfies(each -> assertThat(each.path("part").asText()).isEqualTo("b"));

    Script untested = new Script();
    untested.answers.putAll(script.answers);
    untested.answers.put("small", RIGHT);
    untested.refused.add("a/tests");
    JsonNode solution = done(CodeLoop.run(order(1, 1, null), untested));
    assertThat(solution.path("files").properties()).hasSize(1);
    untested.refused.clear();
    JsonNode again = done(CodeLoop.run(order(1, 1, null), untested));
    assertThat(again.path("files").properties())
        .as("what was asked as one is other work")
        .hasSize(3);
    assertThat(untested.asked)
        .contains("solution/1/1/code of small", "solution-rest/1/1/code of small");
  }

  @Test
  void person_seesThePatch_ofAChangeThatDoesNotPass() throws Exception {
    script.answers.put("solution/1/1/code", "FILE: calc.py\n```\nwrong\n```");
    TaskEnd end = CodeLoop.run(change(1, null), script);
    JsonNode question = JSON.readTree(((TaskEnd.Asks) end).question());
    assertThat(question.path("patch").asText()).contains("+wrong");
    assertThat(question.path("code").asText()).startsWith("FILE: calc.py");
  }

  @Test
  void repositoryWithoutTests_isRefused_unlessItsLanguageFindsThem() {
    assertThatThrownBy(
            () ->
                new CodeOrder(
                    "do", "shell", null, "m", "m", null, 1, 1, List.of(), "ab".repeat(32), null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tests");
  }

  @Test
  void sameCodeAgain_isNotTestedAgain_andIsAskedForWithAnotherSeed() throws Exception {
    script.answers.put("solution/1/3/code", "```\nother\n```");
    assertThat(CodeLoop.run(order(4, 1, null), script)).isInstanceOf(TaskEnd.Asks.class);
    assertThat(script.rounds().stream().map(each -> each.path("repeated").asBoolean()))
        .containsExactly(false, true, false, false);
    assertThat(script.rounds().get(1).path("output").asText()).contains("AssertionError");
    assertThat(script.ran).hasSize(3);
    assertThat(script.seeds).as("that of plans, and four").hasSize(5);
  }

  @Test
  void answerWithoutCode_isNoRun_andIsAskedForAnew() throws Exception {
    script.answers.put("solution/1/1/code", " \n");
    script.answers.put("solution/1/2/code", "```python\nright = ");
    assertThat(done(CodeLoop.run(order(2, 1, null), script)).path("text").asText())
        .as("a block that was cut")
        .isEqualTo("right =\n");
    assertThat(script.rounds().get(0).path("output").asText()).isEqualTo("the answer is empty");
    assertThat(script.rounds().get(1).path("prompt").asText()).startsWith("Write the file");
    assertThat(script.ran).hasSize(2);
  }

  @Test
  void questionThatIsTooLong_isAskedInShort_thenEndsItsCandidate() throws Exception {
    script.answers.put("solution/plan", "a plan");
    script.answers.put("solution/1/1/code-shorter-1", WRONG);
    script.refused.addAll(
        Set.of(
            "decompose",
            "solution/1/1/code",
            "solution/1/2/code",
            "solution/1/2/code-shorter-1",
            "solution/1/2/code-shorter-2"));
    TaskEnd end = CodeLoop.run(order(9, 1, null), script);
    JsonNode question = JSON.readTree(((TaskEnd.Asks) end).question());
    assertThat(question.path("code").asText()).isEqualTo("wrong = 1\n");
    assertThat(script.asked)
        .containsExactly("solution/plan of planner", "solution/1/1/code-shorter-1 of small");
    assertThat(script.rounds()).hasSize(1);
    assertThat(script.rounds().get(0).path("prompt").asText()).doesNotContain("a plan");
    assertThat(script.told.stream().filter(each -> each.path("what").asText().equals("refused")))
        .extracting(each -> each.path("step").asText() + ": " + each.path("why").asText())
        .containsExactly(
            "decompose: too long",
            "solution/1/1/code: too long",
            "solution/1/2/code: too long",
            "solution/1/2/code-shorter-1: too long",
            "solution/1/2/code-shorter-2: too long");
  }

  @Test
  void testsThatNobodyWrites_areAFailureForGood() throws Exception {
    script.refused.add("solution/tests");
    CodeOrder order =
        new CodeOrder("do", "python", null, "m", "m", null, 1, 1, List.of(), null, null);
    assertThat(CodeLoop.run(order, script)).isEqualTo(new TaskEnd.Failed("too long", true));
  }

  @Test
  void limits_travelWithTheOrder_andReachItsTests() throws Exception {
    script.answers.put("small", RIGHT);
    CodeOrder usual = order(1, 1, null);
    done(CodeLoop.run(usual, script));
    assertThat(script.ran.get(0).limits()).isEqualTo(CodeLimits.DEFAULT);
    CodeLimits limits = new CodeLimits(Duration.ofMillis(1_500), 1L << 33, 2, 3, 4);
    CodeOrder limited = CodeOrder.decode(limited(limits).encode());
    assertThat(limited).isEqualTo(limited(limits));
    Script other = new Script();
    other.answers.put("small", RIGHT);
    done(CodeLoop.run(limited, other));
    assertThat(other.ran).hasSize(2).allSatisfy(run -> assertThat(run.limits()).isEqualTo(limits));

    assertThat(CodeOrder.decode(usual.encode())).isEqualTo(usual);
    assertThat(usual.json().has("limits")).as("who knows no limits can read it").isFalse();
    assertThat(limited(CodeLimits.DEFAULT).encode()).isEqualTo(usual.encode());
    for (String bad : List.of("{\"wall\":\"x\"}", "{\"wall\":\"PT1S\"}", "3")) {
      byte[] bytes =
          usual
              .json()
              .set("limits", JSON.readTree(bad))
              .toString()
              .getBytes(StandardCharsets.UTF_8);
      assertThatThrownBy(() -> CodeOrder.decode(bytes)).isInstanceOf(MalformedFrameException.class);
    }
  }

  private static CodeOrder limited(CodeLimits limits) {
    return order(1, 1, null, limits);
  }

  @Test
  void proposalThatMakesNoSense_isDoneAsOne() {
    String prompt = "do it";
    for (String each :
        List.of(
            "no JSON",
            "{\"parts\":[]}",
            "{\"parts\":[{\"name\":\"a\",\"prompt\":\"x\"}]}",
            "{\"parts\":[{\"name\":\"a\",\"prompt\":\"x\",\"after\":[\"b\"]},"
                + "{\"name\":\"b\",\"prompt\":\"x\",\"after\":[\"a\"]}]}",
            "{\"parts\":[{\"name\":\"../a\",\"prompt\":\"x\"},{\"name\":\"b\",\"prompt\":\"x\"}]}",
            "{\"parts\":[{\"name\":\"a\",\"prompt\":\"x\"},{\"name\":\"a\",\"prompt\":\"x\"}]}",
            "{\"parts\":[{\"name\":\"a\",\"prompt\":\"\"},{\"name\":\"b\",\"prompt\":\"x\"}]}")) {
      assertThat(Decomposition.parse(each, prompt))
          .as(each)
          .containsExactly(new Subtask("solution", prompt, List.of()));
    }
  }

  @Test
  void codeOfAnAnswer_isItsLongestBlock() {
    assertThat(CodePrompts.codeOf("a\n```sh\nls\n```\nthen\n```python\nprint(1)\n```\n"))
        .isEqualTo("print(1)\n");
    assertThat(CodePrompts.codeOf("print(1)")).isEqualTo("print(1)\n");
  }
}
