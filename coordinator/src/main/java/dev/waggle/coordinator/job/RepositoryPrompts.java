package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatMessage.Role;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import java.util.ArrayList;
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
  private final String language;
  private final Optional<String> tests;
  private final Repository repository;

  /**
   * @param tests the script that the user gave; empty where the repository has its own
   */
  RepositoryPrompts(String prompt, String language, Optional<String> tests, Repository repository) {
    this.prompt = prompt;
    this.language = language;
    this.tests = tests;
    this.repository = repository;
  }

  List<ChatMessage> plan() {
    return CodePrompts.ask(
        "You plan changes of a repository. Answer with a short numbered plan and no code. Then name"
            + " each file whose content is needed to do it, on a line of its own: READ: path",
        "Plan this change, in " + language + ": " + prompt + paths());
  }

  List<ChatMessage> change(String plan) {
    return CodePrompts.ask(
        "You change a repository. For each file that you change or add, write a line \"FILE: path\""
            + " and then one fenced block with the whole new content of that file. For each file"
            + " that is to go, write a line \"DELETE: path\". All other files stay as they are. Where"
            + " a file has fences itself, put a longer one around it.",
        "Change the repository, in "
            + language
            + ": "
            + prompt
            + CodePrompts.planned(plan)
            + paths()
            + contents(plan)
            + tests
                .map(
                    script ->
                        "\n\nAfterwards this script has to end well, in the repository's root:"
                            + fenced(CodePrompts.shown(script)))
                .orElse("\n\nAfterwards the repository's own tests have to pass."));
  }

  List<ChatMessage> repair(String plan, String answer, String trouble) {
    List<ChatMessage> first = change(plan);
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

  private String paths() {
    StringBuilder text = new StringBuilder("\n\nFiles of the repository:\n");
    repository.files().stream()
        .limit(PATHS_MAX)
        .forEach(each -> text.append(each.path()).append('\n'));
    int more = repository.files().size() - PATHS_MAX;
    return more > 0 ? text + "and " + more + " more" : text.toString();
  }

  /** What files say that are named, as long as there is room; all of them where that is little. */
  private String contents(String plan) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (CodeFile each : repository.files()) {
      if (each.content().size() <= CONTENT_CHARACTERS_MAX) {
        Repository.text(each.content()).ifPresent(text -> texts.put(each.path(), text));
      }
    }
    long all = texts.values().stream().mapToLong(String::length).sum();
    StringBuilder shown = new StringBuilder("\n\nTheir content:");
    int room = CONTENT_CHARACTERS_MAX;
    for (String path : all <= room ? texts.keySet() : named(plan, texts)) {
      String text = texts.getOrDefault(path, "");
      if (text.length() <= room) {
        room -= text.length();
        shown.append("\nFILE: ").append(path).append(fenced(text));
      }
    }
    return shown.toString();
  }

  /** Paths that the plan wants to be read, then those that the prompt names, or the plan. */
  private Iterable<String> named(String plan, Map<String, String> texts) {
    List<String> named = new ArrayList<>();
    Matcher read = READ.matcher(plan);
    while (read.find()) {
      if (texts.containsKey(read.group(1))) {
        named.add(read.group(1));
      }
    }
    for (String text : List.of(prompt, plan)) {
      texts.keySet().stream().filter(path -> isNamed(path, text)).forEach(named::add);
    }
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
