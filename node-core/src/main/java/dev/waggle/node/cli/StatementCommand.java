package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.ledger.Statement;
import dev.waggle.node.api.StatementJson;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "statement",
    description = "Show what members earned and spent, by the receipts of this record.")
final class StatementCommand extends NodeCommand {
  private static final Instant END = Instant.parse("9999-01-01T00:00:00Z");

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

  @Option(
      names = "--of",
      paramLabel = "PEER-ID",
      description = "By that node's record, which was imported, instead of this node's.")
  private @Nullable String of;

  @Option(names = "--csv", description = "Print comma-separated values.")
  private boolean csv;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    Instant begin = from == null ? Instant.EPOCH : midnight(day("--from", from));
    Instant end = to == null ? END : midnight(day("--to", to).plusDays(1));
    JsonNode body =
        of == null
            ? node().get("/swarm/v1/statement?from=" + begin + "&until=" + end)
            : imported(of, begin, end);
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

  private JsonNode imported(String peer, Instant begin, Instant end) throws CommandException {
    Statement statement = new Statement(begin, end);
    try (ProgressBar progress = new ProgressBar()) {
      RecordFile.check(
          ImportCommand.imported(directory(), peer), Optional.empty(), progress, statement::add);
    }
    return StatementJson.of(statement, member -> "");
  }

  private static Instant midnight(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
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
