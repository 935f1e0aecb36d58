package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "job",
    description = "Submit work that outlives this command, and look after it.",
    subcommands = {
      JobCommand.Submit.class,
      JobCommand.ListJobs.class,
      JobCommand.Show.class,
      JobCommand.Logs.class,
      JobCommand.Cancel.class,
      JobCommand.Retry.class,
      HandOverCommand.class,
      JobCommand.Fetch.class,
      JobCommand.Answer.class
    },
    mixinStandardHelpOptions = true)
final class JobCommand implements Runnable {
  private static final String JOBS = "/swarm/v1/jobs/";
  private static final int PAGE = 1_000;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "say what to do: submit, list, show, logs, cancel, retry, handover, fetch or answer");
  }

  /** A command about one job. */
  abstract static class OfJob extends NodeCommand {
    @Parameters(
        index = "0",
        paramLabel = "JOB",
        description = "Its name, as \"job list\" shows it.")
    private String job = "";

    @Mixin private final OnOption on = new OnOption();

    String job() {
      return job;
    }

    OnOption on() {
      return on;
    }

    String path(String rest) {
      return on.path(JOBS + job + rest);
    }
  }

  @Command(
      name = "submit",
      description = "Submit a job file in YAML or JSON; its form is at GET /swarm/v1/jobs/schema.")
  static final class Submit extends NodeCommand {
    @Option(names = "--wait", description = "Wait for its end; exit with 1 when it fails.")
    private boolean waiting;

    @Mixin private final OnOption on = new OnOption();

    @Parameters(paramLabel = "FILE", description = "The file; - for this command's input.")
    private String file = "";

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      String text =
          file.equals("-")
              ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
              : GivenText.read(Path.of(file));
      NodeClient node = node();
      String name = JobSubmission.submit(node, on, text);
      out().println(JobSubmission.named(name, isJson()));
      out().flush();
      if (!waiting) {
        return ExitCode.DONE;
      }
      JsonNode end = JobSubmission.follow(node, name, event -> {});
      return end.path("state").asText().equals("done") ? ExitCode.DONE : ExitCode.FAILED;
    }
  }

  @Command(name = "list", description = "Show the latest jobs.")
  static final class ListJobs extends NodeCommand {
    @Mixin private final OnOption on = new OnOption();

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      JsonNode body = node().get(on.path("/swarm/v1/jobs"));
      if (isJson()) {
        out().println(body);
        return ExitCode.DONE;
      }
      Table table =
          new Table("JOB", "KIND", "STATE", "DONE", "FAILED", "OF", "CREATED", "ON", "TITLE");
      for (JsonNode each : body.path("jobs")) {
        table.row(
            each.path("job").asText(),
            each.path("kind").asText(),
            each.path("state").asText(),
            each.path("done").asText(),
            each.path("failed").asText(),
            each.path("total").asText(),
            each.path("created").asText(),
            each.path("coordinator").asText(),
            each.path("title").asText());
      }
      table.print(out());
      return ExitCode.DONE;
    }
  }

  @Command(name = "show", description = "Show a job and its tasks.")
  static final class Show extends OfJob {
    @Override
    int run() throws CommandException, IOException, InterruptedException {
      NodeClient node = node();
      JsonNode body = node.get(path(""));
      if (isJson()) {
        out().println(body);
        return ExitCode.DONE;
      }
      body.properties()
          .forEach(each -> out().println(each.getKey() + ": " + each.getValue().asText()));
      Table table = new Table("TASK", "NAME", "STATE", "ATTEMPTS", "NODE", "ERROR");
      tasks(
          node,
          this,
          task ->
              table.row(
                  task.path("number").asText(),
                  task.path("name").asText(),
                  task.path("state").asText(),
                  task.path("attempts").asText(),
                  task.path("result").path("node").asText(),
                  task.path("error").asText()));
      table.print(out());
      return ExitCode.DONE;
    }
  }

  private interface TaskReader {
    void read(JsonNode task) throws CommandException, IOException, InterruptedException;
  }

  private static void tasks(NodeClient node, OfJob of, TaskReader reader)
      throws CommandException, IOException, InterruptedException {
    int from = 0;
    JsonNode page;
    do {
      page = node.get(of.path("/tasks?limit=" + PAGE + "&from=" + from)).path("tasks");
      for (JsonNode each : page) {
        reader.read(each);
        from = each.path("number").asInt() + 1;
      }
    } while (!page.isEmpty());
  }

  @Command(name = "logs", description = "Show what happened to a job, and follow it.")
  static final class Logs extends OfJob {
    @Option(
        names = {"-f", "--follow"},
        description = "Go on until the job has ended.")
    private boolean follow;

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      NodeClient node = node();
      if (follow) {
        JobSubmission.follow(node, on(), job(), this::print);
        return ExitCode.DONE;
      }
      long after = 0;
      JsonNode page;
      do {
        page = node.get(path("/events?limit=" + PAGE + "&after=" + after)).path("events");
        for (JsonNode each : page) {
          print(each);
          after = each.path("number").asLong();
        }
      } while (!page.isEmpty());
      return ExitCode.DONE;
    }

    private void print(JsonNode event) {
      PrintWriter out = out();
      if (isJson()) {
        out.println(event);
      } else {
        JsonNode detail = event.path("detail");
        out.println(
            event.path("time").asText()
                + " "
                + (event.has("task") ? "task " + event.path("task").asInt() + " " : "")
                + event.path("kind").asText()
                + (detail.isMissingNode()
                    ? ""
                    : " " + (detail.isTextual() ? detail.asText() : detail.toString())));
      }
      out.flush();
    }
  }

  @Command(name = "cancel", description = "Cancel what is not over of a job.")
  static final class Cancel extends OfJob {
    @Override
    int run() throws CommandException, IOException, InterruptedException {
      node().post(path("/cancel"), Map.of());
      out().println(job() + " is cancelled");
      return ExitCode.DONE;
    }
  }

  @Command(name = "retry", description = "Try again what failed or was cancelled of a job.")
  static final class Retry extends OfJob {
    @Option(
        names = "--lost",
        description =
            "Have a job that was handed over go on here, because the other node is lost. Should it"
                + " come back, the job may be done twice.")
    private boolean lost;

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      node().post(path("/retry"), Map.of("lost", lost));
      out().println(job() + " is tried again");
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "fetch",
      description =
          "Bring a job's results into a directory: TASK.json for each, what it wrote, its patch of a"
              + " repository, and its files in a folder of its own.")
  static final class Fetch extends OfJob {
    @Option(
        names = {"-o", "--output"},
        paramLabel = "DIR",
        description = "Where to (default: the job's name).")
    private String target = "";

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      NodeClient node = node();
      Path directory = Path.of(target.isEmpty() ? job() : target);
      Files.createDirectories(directory);
      int[] count = new int[1];
      tasks(
          node,
          this,
          task -> {
            write(node, directory, task);
            count[0]++;
          });
      out().println(count[0] + " tasks are in " + directory);
      return ExitCode.DONE;
    }

    private void write(NodeClient node, Path directory, JsonNode task)
        throws CommandException, IOException, InterruptedException {
      String name = task.path("name").asText();
      if (!name.matches("[A-Za-z0-9._-]*") || name.matches("[.]{1,2}")) {
        throw new CommandException(ExitCode.FAILED, "a task's name leads out of the directory");
      }
      String base = name.isEmpty() ? task.path("number").asText() : name;
      Files.writeString(directory.resolve(base + ".json"), task + "\n");
      JsonNode result = task.path("result");
      String text =
          result.has("text") ? result.path("text").asText() : result.path("stdout").asText();
      Files.writeString(directory.resolve(base + ".txt"), text);
      if (result.has("patch")) {
        Files.writeString(directory.resolve(base + ".patch"), result.path("patch").asText());
      }
      Path files = directory.resolve(base + ".files");
      for (JsonNode each : result.path("artifacts")) {
        Path target = files.resolve(each.path("path").asText()).normalize();
        if (!target.startsWith(files) || target.getParent() == null) {
          throw new CommandException(ExitCode.FAILED, "a file's path leads out of its folder");
        }
        Files.createDirectories(target.getParent());
        node.download(on().path(JobSubmission.artifact(job(), task, each)), target);
      }
      for (Map.Entry<String, JsonNode> each : result.path("files").properties()) {
        Files.createDirectories(files);
        Files.writeString(
            files.resolve(Path.of(each.getKey()).getFileName()), each.getValue().asText());
      }
    }
  }

  @Command(name = "answer", description = "Answer a job that asks how it should go on.")
  static final class Answer extends OfJob {
    @Option(names = "--task", paramLabel = "N", description = "Which of its tasks (default: 0).")
    private int task;

    @Option(names = "--context", paramLabel = "TEXT", description = "What the models should know.")
    private String context = "";

    @Option(
        names = "--code",
        paramLabel = "FILE",
        description =
            "The code, as it should be; of a repository FILE: and DELETE: lines, as models write them.")
    private String code = "";

    @Option(names = "--give-up", description = "It is not worth it.")
    private boolean givingUp;

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      int given = (context.isEmpty() ? 0 : 1) + (code.isEmpty() ? 0 : 1) + (givingUp ? 1 : 0);
      if (given != 1) {
        throw new CommandException(ExitCode.USAGE, "give one of --context, --code and --give-up");
      }
      Map<String, Object> answer =
          givingUp
              ? Map.of("give_up", true)
              : code.isEmpty()
                  ? Map.of("context", context)
                  : Map.of("code", GivenText.read(Path.of(code)));
      node().post(path("/tasks/" + task + "/answer"), answer);
      out().println(job() + " goes on");
      return ExitCode.DONE;
    }
  }
}
