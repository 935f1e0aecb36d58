package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "run",
    description =
        "Run a script in a sandbox of the swarm, where it reaches no file, no network and no other"
            + " program. Prints what it prints; exits with 1 when it fails.")
final class RunCommand extends NodeCommand {
  @Mixin private final JobSubmission submission = new JobSubmission();
  @Mixin private final ScriptOptions script = new ScriptOptions();

  @Option(
      names = "--stdin",
      paramLabel = "FILE",
      description = "What it can read (- for this command's own input).")
  private String stdin = "";

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "A file that it finds beside it, under its name; repeatable.")
  private List<Path> files = List.of();

  @Option(
      names = "--collect",
      paramLabel = "PATH",
      description =
          "A file that it makes and that is brought back into this directory; repeatable.")
  private List<String> collect = List.of();

  @Parameters(
      index = "0",
      paramLabel = "SCRIPT",
      description = "The script's file (.py, .js, .sh, .java).")
  private Path file = Path.of("");

  @Parameters(index = "1..*", paramLabel = "ARG", description = "What it is called with.")
  private List<String> args = List.of();

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    ObjectNode job = submission.begin("run");
    script.describe(job, file);
    args.forEach(job.putArray("args")::add);
    if (!stdin.isEmpty()) {
      job.put(
          "stdin",
          stdin.equals("-")
              ? new String(System.in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
              : GivenText.read(Path.of(stdin)));
    }
    if (!files.isEmpty()) {
      ObjectNode beside = job.putObject("files");
      for (Path each : files) {
        beside
            .putObject(String.valueOf(each.getFileName()))
            .put("base64", GivenText.bytes(each)); // Jackson writes bytes so.
      }
    }
    ArrayNode wanted = job.putArray("collect");
    collect.forEach(wanted::add);
    NodeClient node = node();
    String name = submission.submit(node, job);
    if (submission.isDetached()) {
      out().println(JobSubmission.named(name, isJson()));
      return ExitCode.DONE;
    }
    JsonNode end = JobSubmission.follow(node, name, event -> {});
    JsonNode task = JobSubmission.task(node, name, 0);
    if (isJson()) {
      out().println(task);
    } else {
      JobSubmission.print(out(), task.path("result"));
    }
    for (JsonNode each : task.path("result").path("artifacts")) {
      Path target = Path.of("").resolve(each.path("path").asText());
      if (target.getParent() != null) {
        Files.createDirectories(target.getParent());
      }
      node.download(JobSubmission.artifact(name, task, each), target);
    }
    if (!end.path("state").asText().equals("done")) {
      throw JobSubmission.failed(name, task);
    }
    return ExitCode.DONE;
  }
}
