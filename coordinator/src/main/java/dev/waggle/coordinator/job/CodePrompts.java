package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatMessage.Role;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What models are asked on the way to code, and how their answers are read. */
final class CodePrompts {
  // An answer that was cut has no end of its block.
  private static final Pattern BLOCK =
      Pattern.compile("```[^\\n`]*\\n(.*?)(?:```|\\z)", Pattern.DOTALL);
  private static final int SHOWN_CHARACTERS_MAX = 6_000;

  private final CodeLanguage language;

  CodePrompts(CodeLanguage language) {
    this.language = language;
  }

  List<ChatMessage> decompose(String prompt) {
    return decompose(
        "programming work",
        "what this part does, and its functions with their arguments",
        "Divide into modules, in " + language.text() + ": " + prompt);
  }

  /** Asks how something is taken apart; {@link Decomposition} reads the answer. */
  static List<ChatMessage> decompose(String work, String part, String user) {
    return ask(
        "You divide "
            + work
            + ". Answer with JSON only: {\"parts\":[{\"name\":\"lower_case\",\"prompt\":\""
            + part
            + "\",\"after\":[\"names of parts that it uses\"]}]}. At most "
            + (Decomposition.PARTS_MAX - 1)
            + " parts; none when the work is one small piece.",
        user);
  }

  List<ChatMessage> plan(Subtask part, Map<String, String> others) {
    return ask(
        "You plan small programs. Answer with a short numbered plan: functions, their arguments and"
            + " results, and cases at the edge. No code.",
        "Plan this in " + language.text() + ": " + part.prompt() + uses(part, others));
  }

  List<ChatMessage> tests(Subtask part, String plan) {
    return tests(
        language,
        "what follows",
        language.howToTest(part.name()),
        "a result is wrong",
        part.prompt() + planned(plan));
  }

  /**
   * Asks for a script that tests something.
   *
   * @param how how such a script gets at what it tests
   * @param wrong what it must not let pass
   */
  static List<ChatMessage> tests(
      CodeLanguage language, String what, String how, String wrong, String wanted) {
    return ask(
        "You write tests. Answer with one block of " + language.text() + " code and nothing else.",
        "Write a short test script for "
            + what
            + ". "
            + how
            + " It must fail with an error when "
            + wrong
            + ", and end normally otherwise.\n\n"
            + wanted);
  }

  List<ChatMessage> code(Subtask part, String plan, String tests, Map<String, String> others) {
    return ask(
        "You write correct, plain code. Answer with one block of "
            + language.text()
            + " code and nothing else.",
        "Write the file "
            + language.file(part.name())
            + ": "
            + part.prompt()
            + uses(part, others)
            + planned(plan)
            + "\n\nIt has to pass these tests:\n```\n"
            + shown(tests)
            + "\n```");
  }

  List<ChatMessage> repair(
      Subtask part,
      String plan,
      String tests,
      Map<String, String> others,
      String code,
      String failure) {
    List<ChatMessage> first = code(part, plan, tests, others);
    return List.of(
        first.get(0),
        first.get(1),
        new ChatMessage(Role.ASSISTANT, "```\n" + code + "\n```"),
        new ChatMessage(
            Role.USER,
            "The tests fail:\n```\n"
                + shown(failure)
                + "\n```\nFind the cause and answer with the whole corrected file."));
  }

  private String uses(Subtask part, Map<String, String> others) {
    StringBuilder text = new StringBuilder();
    for (String each : part.after()) {
      String code = others.get(each);
      if (code != null) {
        text.append("\n\nIt can use ")
            .append(language.file(each))
            .append(":\n```\n")
            .append(shown(code))
            .append("\n```");
      }
    }
    return text.toString();
  }

  /** A plan, where there is one. */
  static String planned(String plan) {
    return plan.isBlank() ? "" : "\n\nPlan:\n" + plan;
  }

  /** The end of a text that may be long. */
  static String shown(String text) {
    return text.length() <= SHOWN_CHARACTERS_MAX
        ? text
        : "..." + text.substring(text.length() - SHOWN_CHARACTERS_MAX);
  }

  static List<ChatMessage> ask(String system, String user) {
    return List.of(new ChatMessage(Role.SYSTEM, system), new ChatMessage(Role.USER, user));
  }

  /** The code of an answer: its longest block, or all of it where it has none. */
  static String codeOf(String answer) {
    Matcher blocks = BLOCK.matcher(answer);
    String longest = "";
    while (blocks.find()) {
      if (blocks.group(1).length() > longest.length()) {
        longest = blocks.group(1);
      }
    }
    return (longest.isEmpty() ? answer : longest).strip() + "\n";
  }
}
