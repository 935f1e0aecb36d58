package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.node.git.Revision;
import dev.waggle.node.git.RevisionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "code",
    description =
        "Have the swarm's models write code until its tests pass in a sandbox. Prints the code, or the"
            + " patch of a repository for git apply.")
final class CodeCommand extends NodeCommand {
  private static final int SHOWN_MAX = 20;

  @Mixin private final JobSubmission submission = new JobSubmission();
  @Mixin private final LimitOptions testLimits = new LimitOptions();

  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      description = "python, javascript or shell (default: python).")
  private String language = "python";

  @Option(
      names = "--tests",
      paramLabel = "FILE",
      description =
          "A script that ends well when the code is right (default: the models write one; of a"
              + " repository in Python, what its unittest finds).")
  private String tests = "";

  @Option(
      names = "--repo",
      paramLabel = "DIR[@REV]",
      description =
          "Change a git repository, as it is at a revision (default: HEAD), instead of writing"
              + " something new. The tests run in its root.")
  private String repo = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write the code or the patch there instead of printing it.")
  private @Nullable Path output;

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
    testLimits.describe(job);
    put(job, "planner", planner);
    put(job, "larger", larger);
    if (rounds > 0) {
      job.put("rounds", rounds);
    }
    if (candidates > 0) {
      job.put("candidates", candidates);
    }
    NodeClient node = node();
    if (!repo.isEmpty()) {
      job.put("repo", freeze(node));
    }
    String name = submission.submit(node, job);
    if (submission.isDetached()) {
      out().println(JobSubmission.named(name, isJson()));
      return ExitCode.DONE;
    }
    JsonNode end = JobSubmission.follow(node, name, event -> tell(name, event));
    JsonNode task = JobSubmission.task(node, name, 0);
    if (task.has("result") && (output != null || !isJson())) {
      deliver(task.path("result"));
    }
    if (isJson()) {
      out().println(task);
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

  /** Gives the node the repository as it is committed; returns the name of that. */
  private String freeze(NodeClient node)
      throws CommandException, IOException, InterruptedException {
    Revision revision;
    try {
      revision = Revision.read(repo);
    } catch (RevisionException e) {
      throw new CommandException(ExitCode.USAGE, e.getMessage(), e);
    }
    if (revision.uncommitted()) {
      System.err.println("what is not committed is not included");
    }
    List<String> leftOut = revision.leftOut();
    if (!leftOut.isEmpty()) {
      String more =
          leftOut.size() > SHOWN_MAX ? " and " + (leftOut.size() - SHOWN_MAX) + " more" : "";
      System.err.println(
          "not included, because they are links, submodules or have unusual names: "
              + String.join(", ", leftOut.subList(0, Math.min(SHOWN_MAX, leftOut.size())))
              + more);
    }
    return node.postBytes("/swarm/v1/artifacts", revision.archive()).path("sha256").asText();
  }

  private void deliver(JsonNode result) throws IOException {
    Path file = output;
    boolean isPatch = result.has("patch");
    String text = result.path(isPatch ? "patch" : "text").asText();
    if (file != null) {
      Files.writeString(file, text);
    } else if (isPatch) {
      out().print(text);
    } else {
      out().println(text);
    }
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
          case "refused" ->
              detail.path("step").asText() + " is not answered: " + detail.path("why").asText();
          case "cut" ->
              detail.path("step").asText()
                  + " is cut after "
                  + detail.path("tokens").asInt()
                  + " tokens";
          case "undivided" -> "does not come about: all is done as one";
          case "escalated" -> "asks " + detail.path("to").asText();
          default -> what;
        };
    System.err.println(job + " " + detail.path("part").asText() + " " + line);
  }
}
