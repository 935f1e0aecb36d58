package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "ledger",
    description = "Show and check this node's record.",
    subcommands = {
      LedgerListCommand.class,
      LedgerCommand.Backup.class,
      LedgerCommand.Export.class,
      LedgerCommand.Forget.class,
      ImportCommand.class,
      LedgerCommand.Proof.class,
      StatementCommand.class,
      LedgerVerifyCommand.class
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
}
