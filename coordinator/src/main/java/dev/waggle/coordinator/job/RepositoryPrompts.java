package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatMessage.Role;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What models are asked on the way to a change of a repository. */
final class RepositoryPrompts {
  /** The most paths that a model is told. */
  static final int PATHS_MAX = 500;

  /** The most that a model is shown of the content of files, in characters. */
  static final int CONTENT_CHARACTERS_MAX = 24_000;

  private static final Pattern READ = Pattern.compile("^\\W*READ:\\s*(\\S+)", Pattern.MULTILINE);
  private static final Pattern FENCES = Pattern.compile("`{3,}");
  private static final int NAME_CHARACTERS_MIN = 4;

  private final String prompt;
  private final CodeLanguage language;
  private final Optional<String> tests;

  /**
   * @param prompt what is wanted as a whole
   * @param tests the script that the user gave; empty where the repository has its own
   */
  RepositoryPrompts(String prompt, CodeLanguage language, Optional<String> tests) {
    this.prompt = prompt;
    this.language = language;
    this.tests = tests;
  }

  List<ChatMessage> decompose(Repository repository) {
    return CodePrompts.decompose(
        "changes of a repository into steps, each of which can be tested",
        "what this part changes in which files, and how one sees that it works",
        "Divide this change, in " + language.text() + ": " + prompt + paths(repository));
  }

  List<ChatMessage> plan(Subtask part, Repository now) {
    return CodePrompts.ask(
        "You plan changes of a repository. Answer with a short numbered plan and no code. Then name"
            + " each file whose content is needed to do it, on a line of its own: READ: path",
        "Plan this change, in " + language.text() + ": " + wanted(part) + paths(now));
  }

  /** The plan of what is left when parts are made. */
  static String made(Collection<String> parts) {
    return "These parts of it are made already: "
        + String.join(", ", parts)
        + ". Do what is still missing or wrong.";
  }

  /**
   * @param now the repository; empty for who cannot take so much
   */
  List<ChatMessage> tests(Subtask part, String plan, Optional<Repository> now) {
    return CodePrompts.tests(
        language,
        "the following change of a repository, which is not made yet",
        language.howToTestRepository(),
        "the change is missing or wrong",
        wanted(part)
            + CodePrompts.planned(plan)
            + now.map(each -> paths(each) + contents(part, plan, each)).orElse(""));
  }

  List<ChatMessage> change(CodePart part, Repository now) {
    String plan = part.plan();
    boolean partly = !part.others().isEmpty();
    return CodePrompts.ask(
        "You change a repository. For each file that you change or add, write a line \"FILE: path\""
            + " and then one fenced block with the whole new content of that file. For each file"
            + " that is to go, write a line \"DELETE: path\". All other files stay as they are. Where"
            + " a file has fences itself, put a longer one around it."
            + (partly
                ? " Where nothing is left to be done, write " + RepositoryChange.NO_CHANGE + "."
                : ""),
        "Change the repository, in "
            + language.text()
            + ": "
            + wanted(part.subtask())
            + CodePrompts.planned(plan)
            + paths(now)
            + contents(part.subtask(), plan, now)
            + passing(part));
  }

  private String passing(CodePart part) {
    Optional<String> script = part.subtask().isWhole() ? tests : Optional.of(part.tests());
    return script
        .map(
            each ->
                "\n\nAfterwards this script has to end well, in the repository's root:"
                    + fenced(CodePrompts.shown(each)))
        .orElse("\n\nAfterwards the repository's own tests have to pass.");
  }

  /** What a part is to do, and what it is a part of. */
  private String wanted(Subtask part) {
    return part.isWhole()
        ? prompt
        : part.prompt()
            + "\n\nThat is one part of a larger change, whose other parts come before or later: "
            + prompt;
  }

  List<ChatMessage> repair(CodePart part, Repository now, String answer, String trouble) {
    List<ChatMessage> first = change(part, now);
    return List.of(
        first.get(0),
        first.get(1),
        new ChatMessage(Role.ASSISTANT, answer),
        new ChatMessage(
            Role.USER,
            trouble
                + "\nFind the cause and answer again, as before: every file that you change, compared"
                + " with the repository as I showed it, with its whole content."));
  }

  static String testsFailed(String output) {
    return "The tests fail:" + fenced(CodePrompts.shown(output));
  }

  static String unreadable(String why) {
    return "Your answer cannot be used: " + why + ".";
  }

  private static String paths(Repository repository) {
    StringBuilder text = new StringBuilder("\n\nFiles of the repository:\n");
    repository.files().stream()
        .limit(PATHS_MAX)
        .forEach(each -> text.append(each.path()).append('\n'));
    int more = repository.files().size() - PATHS_MAX;
    return more > 0 ? text + "and " + more + " more" : text.toString();
  }

  /** What files say that are named, as long as there is room; all of them where that is little. */
  private String contents(Subtask part, String plan, Repository repository) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (CodeFile each : repository.files()) {
      if (each.content().size() <= CONTENT_CHARACTERS_MAX) {
        Repository.text(each.content()).ifPresent(text -> texts.put(each.path(), text));
      }
    }
    long all = texts.values().stream().mapToLong(String::length).sum();
    StringBuilder shown = new StringBuilder("\n\nTheir content:");
    int room = CONTENT_CHARACTERS_MAX;
    for (String path : all <= room ? texts.keySet() : named(part, plan, repository, texts)) {
      String text = texts.getOrDefault(path, "");
      if (text.length() <= room) {
        room -= text.length();
        shown.append("\nFILE: ").append(path).append(fenced(text));
      }
    }
    return shown.toString();
  }

  /** Paths that the plan wants to be read, the part or its plan names, are changed, others. */
  private Iterable<String> named(
      Subtask part, String plan, Repository repository, Map<String, String> texts) {
    List<String> named = new ArrayList<>();
    Matcher read = READ.matcher(plan);
    while (read.find()) {
      if (texts.containsKey(read.group(1))) {
        named.add(read.group(1));
      }
    }
    for (String text : List.of(part.prompt(), plan)) {
      texts.keySet().stream().filter(path -> isNamed(path, text)).forEach(named::add);
    }
    repository.change().written().keySet().stream().filter(texts::containsKey).forEach(named::add);
    texts.keySet().stream().filter(path -> isNamed(path, prompt)).forEach(named::add);
    return named.stream().distinct().toList();
  }

  private static boolean isNamed(String path, String text) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return text.contains(path) || (name.length() >= NAME_CHARACTERS_MIN && text.contains(name));
  }

  /** A text between fences that are longer than its own. */
  private static String fenced(String text) {
    String fence = "```";
    Matcher inner = FENCES.matcher(text);
    while (inner.find()) {
      if (inner.group().length() >= fence.length()) {
        fence = inner.group() + "`";
      }
    }
    return "\n" + fence + "\n" + text + (text.endsWith("\n") ? "" : "\n") + fence;
  }
}
