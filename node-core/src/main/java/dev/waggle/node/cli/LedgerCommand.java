package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.SecretsException;
import dev.waggle.ledger.LedgerException;
import dev.waggle.ledger.LedgerVerifier;
import dev.waggle.ledger.Verification;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import dev.waggle.node.api.EntryJson;
import dev.waggle.node.api.VerificationJson;
import dev.waggle.node.data.DataDirectory;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "ledger",
    description = "Show and check this node's record.",
    subcommands = {
      LedgerCommand.ListEntries.class,
      LedgerCommand.Backup.class,
      LedgerCommand.Export.class,
      LedgerCommand.Forget.class,
      ImportCommand.class,
      LedgerCommand.Proof.class,
      StatementCommand.class,
      LedgerCommand.Verify.class
    },
    mixinStandardHelpOptions = true)
final class LedgerCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "say what to do: list, backup, export, import, forget, proof, statement or verify");
  }

  @Command(name = "list", description = "Show entries, oldest first.")
  static final class ListEntries extends NodeCommand {
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
            .println(
                JsonNodeFactory.instance.objectNode().put("total", total).set("entries", found));
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
      RecordFile.Checked checked =
          RecordFile.check(
              ImportCommand.imported(directory(), member),
              Optional.empty(),
              new ProgressBar(),
              entry -> {
                JsonNode each = EntryJson.of(entry);
                if (entry.sequence() >= from && found.size() < max && isWanted(each)) {
                  found.add(each);
                }
              });
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
        case "attempt" ->
            entry.path("worker").asText() + " failed: " + entry.path("cause").asText();
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

  @Command(
      name = "export",
      description = "Write the whole record into a file that anybody can check and read.")
  static final class Export extends NodeCommand {
    @Parameters(paramLabel = "FILE", description = "A file that is not there yet.")
    private Path file = Path.of("");

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      NodeClient node = node();
      JsonNode page = node.get("/swarm/v1/ledger/export");
      try (RecordFile.Writing export = RecordFile.create(file, page.path("checkpoint").asText());
          ProgressBar progress = new ProgressBar()) {
        while (!export.isComplete()) {
          for (JsonNode each : page.path("entries")) {
            export.write(each);
          }
          progress.at(export.written(), export.size());
          page = node.get("/swarm/v1/ledger/export?from=" + (export.written() + 1));
        }
        out().println("wrote " + file + " (check it anywhere: waggle ledger verify " + file + ")");
      }
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "backup",
      description = "Copy the ledger's database into a zip file, while the node runs.")
  static final class Backup extends NodeCommand {
    @Parameters(paramLabel = "FILE", description = "A file that is not there yet.")
    private Path file = Path.of("");

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      String whole = file.toAbsolutePath().toString();
      JsonNode done = node().post("/swarm/v1/ledger/backup", Map.of("file", whole));
      out()
          .println(
              isJson()
                  ? done
                  : "wrote " + file + " (to put it back, unzip it into the data directory)");
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "forget",
      description =
          "Forget what entries before a day say; the chain and its proofs stay good. Receipts that"
              + " are forgotten count in no statement any more.")
  static final class Forget extends NodeCommand {
    @Option(
        names = "--before",
        paramLabel = "DATE",
        required = true,
        description = "The first day to keep, like 2026-11-01, in UTC.")
    private String before = "";

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      String moment = StatementCommand.day("--before", before) + "T00:00:00Z";
      JsonNode done = node().post("/swarm/v1/ledger/forget", Map.of("before", moment));
      out().println(isJson() ? done : "forgot " + done.path("forgotten").asLong() + " payloads");
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "proof",
      description = "Write the proof that this record has an entry; anybody can check it.")
  static final class Proof extends NodeCommand {
    @Parameters(index = "0", paramLabel = "ENTRY", description = "Its number in \"ledger list\".")
    private long entry;

    @Parameters(
        index = "1",
        paramLabel = "FILE",
        arity = "0..1",
        description = "A file that is not there yet (default: print it).")
    private @Nullable Path file;

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      JsonNode proof = node().get("/swarm/v1/ledger/proof?entry=" + entry);
      if (file == null) {
        out().println(proof.toPrettyString());
      } else {
        ReceiptCommand.write(proof, file, out());
      }
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "verify",
      description =
          "Check the whole record: by the running node, or offline when none runs; or another's,"
              + " that it exported.")
  static final class Verify extends NodeCommand {
    @Mixin private final PassphraseOptions passphrases = new PassphraseOptions();

    @Parameters(
        paramLabel = "FILE",
        arity = "0..1",
        description = "What \"ledger export\" wrote (default: this node's own record).")
    private @Nullable Path exported;

    @Option(
        names = "--peer",
        paramLabel = "MEMBER",
        description = "Check that member's record, read from it over the network.")
    private @Nullable String peer;

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      if (exported != null && peer != null) {
        throw new CommandException(ExitCode.USAGE, "say FILE or --peer, not both");
      }
      if (exported != null) {
        return exported(exported);
      }
      JsonNode result;
      try (ProgressBar progress = new ProgressBar()) {
        Optional<NodeClient> running = peer == null ? running() : Optional.of(node());
        String of = peer == null ? "" : "?peer=" + URLEncoder.encode(peer, StandardCharsets.UTF_8);
        result =
            running.isPresent()
                ? running.get().follow("/swarm/v1/ledger/verify" + of, progress)
                : offline(progress);
      }
      if (isJson()) {
        out().println(result);
      } else if (result.path("valid").asBoolean()) {
        long entries = result.path("entries").asLong();
        out()
            .println(
                peer == null
                    ? "the ledger is whole: "
                        + entries
                        + " entries, "
                        + result.path("receipts").asLong()
                        + " receipts signed by both sides"
                    : "the ledger of "
                        + result.path("peer").asText()
                        + " is whole: "
                        + entries
                        + " entries under its signed checkpoint (what they say stays with it)");
      } else {
        out()
            .println(
                "the ledger is NOT whole: entry "
                    + result.path("badEntry").asLong()
                    + ": "
                    + result.path("cause").asText());
      }
      return result.path("valid").asBoolean() ? ExitCode.DONE : ExitCode.FAILED;
    }

    private int exported(Path file) throws CommandException {
      RecordFile.Checked checked;
      try (ProgressBar progress = new ProgressBar()) {
        checked = RecordFile.check(file, Optional.empty(), progress, entry -> {});
      }
      ObjectNode result = VerificationJson.of(checked.verification());
      result.put("checkpoint", checked.checkpoint().note());
      boolean valid = checked.verification().valid();
      if (isJson()) {
        out().println(result);
      } else if (valid) {
        SignedCheckpoint note = checked.checkpoint();
        out()
            .println(
                "the record of "
                    + note.checkpoint().log()
                    + " is whole: "
                    + checked.verification().entries()
                    + " entries, "
                    + checked.verification().receipts()
                    + " receipts signed by both sides");
      } else {
        out()
            .println(
                "the record is NOT whole: entry "
                    + result.path("badEntry").asLong()
                    + ": "
                    + result.path("cause").asText());
      }
      return valid ? ExitCode.DONE : ExitCode.FAILED;
    }

    private Optional<NodeClient> running() throws CommandException, InterruptedException {
      try {
        return Optional.of(node());
      } catch (CommandException e) {
        if (e.exitCode() == ExitCode.NOT_RUNNING) {
          return Optional.empty();
        }
        throw e;
      }
    }

    private JsonNode offline(ProgressBar progress) throws CommandException {
      Path file = DataDirectory.ledgerFile(directory());
      if (!Files.exists(file)) {
        throw new CommandException(
            ExitCode.FAILED, file + " does not exist (has a node run on this directory?)");
      }
      try {
        PeerId owner = IdentityStore.openExisting(directory(), passphrases.keys()).node().peerId();
        Verification found = LedgerVerifier.verify(file, owner, progress::at);
        return VerificationJson.of(found);
      } catch (SecretsException | LedgerException e) {
        throw new CommandException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
      }
    }
  }
}
