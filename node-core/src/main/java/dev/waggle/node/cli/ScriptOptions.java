package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** In which language a script is, and how much it may use. */
final class ScriptOptions {
  private static final Map<String, String> LANGUAGES =
      Map.of(".py", "python", ".js", "javascript", ".sh", "shell", ".java", "java");

  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      description = "python, javascript, shell or java (default: by the file's ending).")
  private String language = "";

  @Mixin private final LimitOptions limits = new LimitOptions();

  /** Adds a script and its limits to a job. */
  void describe(ObjectNode job, Path file) throws CommandException {
    job.put("source", GivenText.read(file));
    job.put("language", language.isEmpty() ? byEnding(file) : language);
    limits.describe(job);
  }

  private static String byEnding(Path file) throws CommandException {
    String name = String.valueOf(file.getFileName());
    int point = name.lastIndexOf('.');
    String found = point < 0 ? null : LANGUAGES.get(name.substring(point));
    if (found == null) {
      throw new CommandException(
          ExitCode.USAGE, "in which language is " + name + "? (say --lang python, for example)");
    }
    return found;
  }
}
