package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What all commands that submit jobs have in common: where a job may run, and following it. */
final class JobSubmission {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Option(
      names = "--label",
      paramLabel = "LABEL",
      description =
          "Where it may run: at holders of a label like team-a, on the local network (lan-only), or"
              + " on machines of the same person (owner:self); repeatable.")
  private List<String> labels = List.of();

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description =
          "How many workers have to agree on a script's result; 0: as many as trust demands.")
  private int replicas = 1;

  @Mixin private final OnOption on = new OnOption();

  @Option(names = "--detach", description = "Print the job's name and do not wait for its end.")
  private boolean detached;

  /** For who does not wait, or scripts: a job's name. */
  static String named(String job, boolean json) {
    return json ? "{\"job\":\"" + job + "\"}" : job;
  }

  boolean isDetached() {
    return detached;
  }

  /** Begins a job's description. */
  ObjectNode begin(String kind) {
    ObjectNode job = JSON.createObjectNode().put("kind", kind);
    labels.forEach(job.putArray("labels")::add);
    if (replicas != 1) {
      job.put("replicas", replicas);
    }
    return job;
  }

  /** Submits it; returns its name, by which the node knows where it is. */
  String submit(NodeClient node, JsonNode job)
      throws CommandException, IOException, InterruptedException {
    return submit(node, on, job.toString());
  }

  static String submit(NodeClient node, OnOption on, String job)
      throws CommandException, IOException, InterruptedException {
    return node.postText(on.path("/swarm/v1/jobs"), job).path("job").asText();
  }

  /** Hears each event of a job until it has ended, and shows how far it is. */
  interface Listener {
    void onEvent(JsonNode event) throws CommandException, IOException, InterruptedException;
  }

  /** Follows a job to its end; returns how it ended. */
  static JsonNode follow(NodeClient node, String job, Listener listener)
      throws CommandException, IOException, InterruptedException {
    return follow(node, new OnOption(), job, listener);
  }

  static JsonNode follow(NodeClient node, OnOption on, String job, Listener listener)
      throws CommandException, IOException, InterruptedException {
    JsonNode now = node.get(on.path("/swarm/v1/jobs/" + job));
    long total = now.path("total").asLong();
    long over = 0;
    try (ProgressBar progress = new ProgressBar()) {
      for (JsonNode event :
          (Iterable<JsonNode>)
              node.events(on.path("/swarm/v1/jobs/" + job + "/events"))::iterator) {
        String kind = event.path("kind").asText();
        if (event.has("task") && List.of("done", "failed", "canceled").contains(kind)) {
          progress.at(++over, total);
        }
        listener.onEvent(event);
        if (kind.equals("asked")) {
          break;
        }
      }
    }
    return node.get(on.path("/swarm/v1/jobs/" + job));
  }

  /** The path of a file that a task left. */
  static String artifact(String job, JsonNode task, JsonNode file) {
    return "/swarm/v1/artifacts/"
        + file.path("sha256").asText()
        + "?job="
        + job
        + "&task="
        + task.path("number").asInt();
  }

  static JsonNode task(NodeClient node, String job, long number)
      throws CommandException, IOException, InterruptedException {
    return node.get("/swarm/v1/jobs/" + job + "/tasks?limit=1&from=" + number)
        .path("tasks")
        .path(0);
  }

  /** Prints what a script wrote, or what a model said. */
  static void print(PrintWriter out, JsonNode result) {
    if (result.has("text")) {
      out.println(result.path("text").asText());
      return;
    }
    out.print(result.path("stdout").asText());
    out.flush();
    System.err.print(result.path("stderr").asText());
    System.err.flush();
  }

  /** What kept a job from its end, for people. */
  static CommandException failed(String job, JsonNode task) {
    return new CommandException(
        ExitCode.FAILED,
        task.path("error").asText("the job was cancelled") + " (waggle job show " + job + ")");
  }
}
