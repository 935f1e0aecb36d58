package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.node.api.EntryJson;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "list", description = "Show entries, oldest first.")
final class LedgerListCommand extends NodeCommand {
  private static final Duration FOLLOW_STEP = Duration.ofSeconds(1);

  @Option(
      names = "--from",
      paramLabel = "N",
      defaultValue = "1",
      description = "The first entry to show (default: 1).")
  private long from = 1;

  @Option(
      names = "--max",
      paramLabel = "N",
      defaultValue = "1000",
      description = "The most entries to show (default: 1000).")
  private int max = 1_000;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Only entries of that type, for example receipt.")
  private @Nullable String type;

  @Option(
      names = "--peer",
      paramLabel = "PEER-ID",
      description = "Only entries that name that node.")
  private @Nullable String peer;

  @Option(names = "--task", paramLabel = "TASK", description = "Only entries of that task.")
  private @Nullable String task;

  @Option(
      names = "--of",
      paramLabel = "PEER-ID",
      description = "That node's record, which was imported, instead of this node's.")
  private @Nullable String of;

  @Option(names = "--follow", description = "Show new entries as they come, until stopped.")
  private boolean follow;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    ArrayNode found = JsonNodeFactory.instance.arrayNode();
    if (of != null) {
      return imported(of, found);
    }
    NodeClient node = node();
    long next = from;
    long total = 0;
    JsonNode page = page(node, next);
    while (!page.path("entries").isEmpty() && found.size() < max) {
      for (JsonNode each : page.path("entries")) {
        next = each.path("sequence").asLong() + 1;
        if (found.size() < max && isWanted(each)) {
          found.add(each);
        }
      }
      total = page.path("total").asLong();
      page = page(node, next);
    }
    if (isJson() && !follow) {
      out()
          .println(JsonNodeFactory.instance.objectNode().put("total", total).set("entries", found));
      return ExitCode.DONE;
    }
    print(found);
    while (follow) {
      out().flush();
      Thread.sleep(FOLLOW_STEP.toMillis());
      ArrayNode more = JsonNodeFactory.instance.arrayNode();
      for (JsonNode each : page(node, next).path("entries")) {
        next = each.path("sequence").asLong() + 1;
        if (isWanted(each)) {
          more.add(each);
        }
      }
      print(more);
    }
    return ExitCode.DONE;
  }

  private int imported(String member, ArrayNode found) throws CommandException {
    if (follow) {
      throw new CommandException(ExitCode.USAGE, "a record that was imported does not grow");
    }
    RecordFile.Checked checked;
    try (ProgressBar progress = new ProgressBar()) {
      checked =
          RecordFile.check(
              ImportCommand.imported(directory(), member),
              Optional.empty(),
              progress,
              entry -> {
                JsonNode each = EntryJson.of(entry);
                if (entry.sequence() >= from && found.size() < max && isWanted(each)) {
                  found.add(each);
                }
              });
    }
    if (isJson()) {
      ObjectNode body = JsonNodeFactory.instance.objectNode();
      body.put("total", checked.verification().entries()).set("entries", found);
      out().println(body);
    } else {
      print(found);
    }
    return ExitCode.DONE;
  }

  private static JsonNode page(NodeClient node, long from)
      throws CommandException, IOException, InterruptedException {
    return node.get("/swarm/v1/ledger?from=" + from);
  }

  private boolean isWanted(JsonNode entry) {
    return (type == null || type.equals(entry.path("type").asText()))
        && (task == null || task.equals(entry.path("task").asText()))
        && (peer == null
            || peer.equals(entry.path("actor").asText())
            || peer.equals(entry.path("worker").asText())
            || peer.equals(entry.path("requester").asText())
            || peer.equals(entry.path("revoked").asText()));
  }

  private void print(ArrayNode entries) {
    if (isJson()) {
      entries.forEach(each -> out().println(each));
      return;
    }
    if (follow) {
      for (JsonNode each : entries) {
        out()
            .println(
                each.path("sequence").asText()
                    + "  "
                    + each.path("time").asText()
                    + "  "
                    + each.path("type").asText()
                    + "  "
                    + describe(each));
      }
      return;
    }
    Table table = new Table("ENTRY", "TIME", "TYPE", "WHAT");
    for (JsonNode entry : entries) {
      table.row(
          entry.path("sequence").asText(),
          entry.path("time").asText(),
          entry.path("type").asText(),
          describe(entry));
    }
    table.print(out());
  }

  private static String describe(JsonNode entry) {
    if (entry.path("forgotten").asBoolean()) {
      return "(forgotten)";
    }
    return switch (entry.path("type").asText()) {
      case "receipt", "result" ->
          entry.path("model").asText()
              + ", "
              + entry.path("promptTokens").asInt()
              + " + "
              + entry.path("outputTokens").asInt()
              + " tokens, by "
              + entry.path("worker").asText()
              + " for "
              + entry.path("requester").asText();
      case "offer" ->
          entry.path("model").asText() + " asked for by " + entry.path("actor").asText();
      case "claim" ->
          entry.path("model").asText() + " promised by " + entry.path("worker").asText();
      case "checkpoint" ->
          entry.path("actor").asText() + " had " + entry.path("entries").asText() + " entries";
      case "attempt" -> entry.path("worker").asText() + " failed: " + entry.path("cause").asText();
      case "disputed" ->
          entry.path("actor").asText()
              + " sent no receipt for entry "
              + entry.path("result").asText();
      case "policy" -> entry.path("change").asText();
      case "fork" -> entry.path("actor").asText() + " signed two pasts";
      case "forget" -> "payloads up to entry " + entry.path("until").asText();
      default -> entry.path("actor").asText();
    };
  }
}
