package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "statement",
    description = "Show what members earned and spent, by the receipts of this record.")
final class StatementCommand extends NodeCommand {
  @Option(
      names = "--from",
      paramLabel = "DATE",
      description = "The first day, like 2026-11-01, in UTC (default: the first of the record).")
  private @Nullable String from;

  @Option(
      names = "--to",
      paramLabel = "DATE",
      description = "The last day, in UTC (default: the last of the record).")
  private @Nullable String to;

  @Option(names = "--member", paramLabel = "MEMBER", description = "One name or peer id only.")
  private @Nullable String member;

  @Option(names = "--csv", description = "Print comma-separated values.")
  private boolean csv;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    StringBuilder query = new StringBuilder("?");
    if (from != null) {
      query.append("from=").append(day("--from", from).atStartOfDay(ZoneOffset.UTC).toInstant());
    }
    if (to != null) {
      query.append("&until=");
      query.append(day("--to", to).plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant());
    }
    JsonNode body = node().get("/swarm/v1/statement" + query);
    if (isJson()) {
      out().println(body);
      return ExitCode.DONE;
    }
    Table table = new Table("NAME", "EARNED", "SPENT", "DONE", "ASKED", "TOKENS", "PEER ID");
    if (csv) {
      out().println("name,peer_id,earned,spent,tasks_done,tasks_asked,prompt_tokens,output_tokens");
    }
    for (JsonNode each : body.path("members")) {
      if (member != null
          && !member.equals(each.path("name").asText())
          && !member.equals(each.path("peerId").asText())) {
        continue;
      }
      if (csv) {
        out().println(line(each));
        continue;
      }
      table.row(
          each.path("name").asText(),
          each.path("earned").asText(),
          each.path("spent").asText(),
          each.path("tasksDone").asText(),
          each.path("tasksAsked").asText(),
          each.path("promptTokens").asText() + " + " + each.path("outputTokens").asText(),
          each.path("peerId").asText());
    }
    if (!csv) {
      table.print(out());
    }
    return ExitCode.DONE;
  }

  /** Quoted, and nothing in it that a spreadsheet takes for a formula. */
  private static String line(JsonNode each) {
    String name = each.path("name").asText().replace("\"", "\"\"");
    String safe = name.matches("[=+@\\-\\t].*") ? "'" + name : name;
    return String.join(
        ",",
        "\"" + safe + "\"",
        each.path("peerId").asText(),
        each.path("earned").asText(),
        each.path("spent").asText(),
        each.path("tasksDone").asText(),
        each.path("tasksAsked").asText(),
        each.path("promptTokens").asText(),
        each.path("outputTokens").asText());
  }

  /** A day as people write it. */
  static LocalDate day(String option, String text) throws CommandException {
    try {
      return LocalDate.parse(text);
    } catch (DateTimeParseException e) {
      throw new CommandException(
          ExitCode.USAGE, option + " takes a day like 2026-11-01, not \"" + text + "\"", e);
    }
  }
}
