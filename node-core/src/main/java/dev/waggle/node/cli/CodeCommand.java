package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "code",
    description =
        "Have the swarm's models write code until its tests pass in a sandbox. Prints the code.")
final class CodeCommand extends NodeCommand {
  @Mixin private final JobSubmission submission = new JobSubmission();

  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      description = "python, javascript or shell (default: python).")
  private String language = "python";

  @Option(
      names = "--tests",
      paramLabel = "FILE",
      description =
          "A script that ends well when the code is right (default: the models write one).")
  private String tests = "";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      description = "Who writes (default: any).")
  private String model = "auto";

  @Option(
      names = "--planner",
      paramLabel = "MODEL",
      description = "Who plans (default: who writes).")
  private String planner = "";

  @Option(
      names = "--larger",
      paramLabel = "MODEL",
      description = "Who is asked when the writer does not get it right.")
  private String larger = "";

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often a candidate may try (default: 4).")
  private int rounds;

  @Option(
      names = "--candidates",
      paramLabel = "N",
      description = "How many are tried beside each other (default: 1).")
  private int candidates;

  @Parameters(paramLabel = "PROMPT", arity = "1..*", description = "What the code is to do.")
  private List<String> prompt = List.of();

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    ObjectNode job = submission.begin("code");
    job.put("prompt", String.join(" ", prompt)).put("language", language).put("model", model);
    if (!tests.isEmpty()) {
      job.put("tests", GivenText.read(Path.of(tests)));
    }
    put(job, "planner", planner);
    put(job, "larger", larger);
    if (rounds > 0) {
      job.put("rounds", rounds);
    }
    if (candidates > 0) {
      job.put("candidates", candidates);
    }
    NodeClient node = node();
    String name = submission.submit(node, job);
    if (submission.isDetached()) {
      out().println(JobSubmission.named(name, isJson()));
      return ExitCode.DONE;
    }
    JsonNode end = JobSubmission.follow(node, name, event -> tell(name, event));
    JsonNode task = JobSubmission.task(node, name, 0);
    if (isJson()) {
      out().println(task);
    } else if (task.has("result")) {
      JobSubmission.print(out(), task.path("result"));
    }
    if (end.path("state").asText().equals("open")) {
      throw new CommandException(
          ExitCode.FAILED,
          "the models do not get it right and ask you: waggle job show "
              + name
              + ", then waggle job answer "
              + name
              + " --context TEXT, --code FILE or --give-up");
    }
    if (!end.path("state").asText().equals("done")) {
      throw JobSubmission.failed(name, task);
    }
    return ExitCode.DONE;
  }

  private static void put(ObjectNode job, String field, String value) {
    if (!value.isEmpty()) {
      job.put(field, value);
    }
  }

  /** What happens, on the error stream: the code alone is the output. */
  private void tell(String job, JsonNode event) {
    JsonNode detail = event.path("detail");
    String what = detail.path("what").asText();
    if (isJson() || what.isEmpty()) {
      return;
    }
    String line =
        switch (what) {
          case "round" ->
              "round "
                  + detail.path("round").asInt()
                  + " of "
                  + detail.path("candidate").asText()
                  + ": "
                  + (detail.path("passed").asBoolean() ? "tests pass" : "tests fail");
          case "escalated" -> "asks " + detail.path("to").asText();
          default -> what;
        };
    System.err.println(job + " " + detail.path("part").asText() + " " + line);
  }
}
