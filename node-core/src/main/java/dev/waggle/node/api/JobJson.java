package dev.waggle.node.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.waggle.coordinator.job.Claim;
import dev.waggle.coordinator.job.JobEvent;
import dev.waggle.coordinator.job.JobSummary;
import dev.waggle.coordinator.job.JobTask;
import dev.waggle.coordinator.job.JobWork;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import java.util.Base64;
import java.util.Locale;

/** Jobs in JSON, as the API writes them. */
final class JobJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private JobJson() {}

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** JSON where it is some, else the text. */
  private static JsonNode parsed(String text) {
    try {
      JsonNode node = JSON.readTree(text);
      return node.isContainerNode() ? node : TextNode.valueOf(text);
    } catch (JsonProcessingException e) {
      return TextNode.valueOf(text);
    }
  }

  static ObjectNode of(JobSummary job) {
    ObjectNode node =
        object()
            .put("job", job.id().value())
            .put("kind", word(job.kind()))
            .put("state", word(job.state()))
            .put("title", job.title())
            .put("member", job.member())
            .put("priority", word(job.priority()))
            .put("created", job.created().toString());
    if (!job.key().isEmpty()) {
      node.put("key", job.key());
    }
    job.deadline().ifPresent(time -> node.put("deadline", time.toString()));
    job.ended().ifPresent(time -> node.put("ended", time.toString()));
    return node.put("total", job.total())
        .put("done", job.done())
        .put("failed", job.failed())
        .put("canceled", job.canceled())
        .put("lastEvent", job.lastEvent());
  }

  static ObjectNode of(JobTask task) {
    ObjectNode node =
        object()
            .put("number", task.number())
            .put("name", task.name())
            .put("state", word(task.state()))
            .put("attempts", task.attempts())
            .put("attemptsMax", task.attemptsMax());
    task.error().ifPresent(error -> node.put("error", error));
    task.result().ifPresent(result -> node.set("result", parsed(result)));
    return node;
  }

  static ObjectNode of(JobEvent event) {
    ObjectNode node =
        object()
            .put("number", event.number())
            .put("time", event.time().toString())
            .put("kind", word(event.kind()));
    event.task().ifPresent(task -> node.put("task", task));
    if (!event.detail().isEmpty()) {
      node.set("detail", parsed(event.detail()));
    }
    return node;
  }

  /** A claim for who holds it, with what is to be done. */
  static ObjectNode of(Claim claim) {
    ObjectNode node = object();
    node.set(
        "proof",
        object()
            .put("job", claim.proof().job().value())
            .put("number", claim.proof().number())
            .put("task", claim.proof().task())
            .put("fence", claim.proof().fence())
            .put("seal", claim.proof().seal()));
    node.put("until", claim.until().toString()).put("need", claim.work().need());
    ObjectNode work = node.putObject("work");
    if (claim.work() instanceof JobWork.Ask ask && ask.spec() instanceof TaskSpec.Code code) {
      describe(work, code);
    } else if (claim.work() instanceof JobWork.Ask ask
        && ask.spec() instanceof TaskSpec.Chat chat) {
      work.put("model", chat.model());
      for (ChatMessage each : chat.messages()) {
        work.withArray("messages")
            .addObject()
            .put("role", word(each.role()))
            .put("content", each.content());
      }
    } else if (claim.work() instanceof JobWork.Develop develop) {
      work.set("order", develop.order().json());
    }
    claim
        .inputs()
        .forEach(each -> node.withObjectProperty("inputs").set(each.name(), parsed(each.result())));
    return node;
  }

  private static void describe(ObjectNode work, TaskSpec.Code code) {
    work.put("language", code.language().text()).put("source", code.source());
    code.args().forEach(work.putArray("args")::add);
    work.put("stdin_base64", base64(code.stdin().toArray()));
    ObjectNode files = work.putObject("files_base64");
    for (CodeFile each : code.files()) {
      files.put(each.path(), base64(each.content().toArray()));
    }
    code.collect().forEach(work.putArray("collect")::add);
    Label.texts(code.labels()).forEach(work.putArray("labels")::add);
    work.putObject("limits")
        .put("wall_ms", code.limits().wall().toMillis())
        .put("memory_bytes", code.limits().memoryBytes())
        .put("processes", code.limits().processes())
        .put("disk_bytes", code.limits().diskBytes())
        .put("output_bytes", code.limits().outputBytes());
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
