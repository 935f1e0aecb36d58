package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.SecretsException;
import dev.waggle.ledger.LedgerException;
import dev.waggle.ledger.LedgerVerifier;
import dev.waggle.ledger.Verification;
import dev.waggle.node.api.VerificationJson;
import dev.waggle.node.data.DataDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
        spec.commandLine(), "say what to do: list, proof, statement or verify");
  }

  @Command(name = "list", description = "Show entries, oldest first.")
  static final class ListEntries extends NodeCommand {
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
        description = "The most entries to show, up to 1000 (default: 1000).")
    private int max = 1_000;

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      JsonNode body = node().get("/swarm/v1/ledger?from=" + from + "&max=" + max);
      if (isJson()) {
        out().println(body);
        return ExitCode.DONE;
      }
      Table table = new Table("ENTRY", "TIME", "TYPE", "WHAT");
      for (JsonNode entry : body.path("entries")) {
        table.row(
            entry.path("sequence").asText(),
            entry.path("time").asText(),
            entry.path("type").asText(),
            describe(entry));
      }
      table.print(out());
      return ExitCode.DONE;
    }

    private static String describe(JsonNode entry) {
      return switch (entry.path("type").asText()) {
        case "receipt" ->
            entry.path("model").asText()
                + ", "
                + entry.path("promptTokens").asInt()
                + " + "
                + entry.path("outputTokens").asInt()
                + " tokens, by "
                + entry.path("worker").asText()
                + " for "
                + entry.path("requester").asText();
        case "attempt" ->
            entry.path("worker").asText() + " failed: " + entry.path("cause").asText();
        default -> entry.path("actor").asText();
      };
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
      String proof = node().get("/swarm/v1/ledger/proof?entry=" + entry).toPrettyString() + "\n";
      if (file == null) {
        out().print(proof);
        return ExitCode.DONE;
      }
      GivenFile.write(file, proof.getBytes(StandardCharsets.UTF_8));
      out().println("wrote " + file + " (check it anywhere: waggle receipt verify " + file + ")");
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "verify",
      description = "Check the whole record: by the running node, or offline when none runs.")
  static final class Verify extends NodeCommand {
    @Mixin private final PassphraseOptions passphrases = new PassphraseOptions();

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      Optional<NodeClient> running = running();
      JsonNode result =
          running.isPresent() ? running.get().get("/swarm/v1/ledger/verify") : offline();
      if (isJson()) {
        out().println(result);
      } else if (result.path("valid").asBoolean()) {
        out()
            .println(
                "the ledger is whole: "
                    + result.path("entries").asLong()
                    + " entries, "
                    + result.path("receipts").asLong()
                    + " receipts signed by both sides");
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

    private JsonNode offline() throws CommandException {
      Path file = DataDirectory.ledgerFile(directory());
      if (!Files.exists(file)) {
        throw new CommandException(
            ExitCode.FAILED, file + " does not exist (has a node run on this directory?)");
      }
      try {
        PeerId owner = IdentityStore.openExisting(directory(), passphrases.keys()).node().peerId();
        Verification found =
            LedgerVerifier.verify(file, owner, (checked, total) -> progress(checked, total));
        return VerificationJson.of(found);
      } catch (SecretsException | LedgerException e) {
        throw new CommandException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
      }
    }

    private static void progress(long checked, long total) {
      System.err.println("checked " + checked + " of " + total);
    }
  }
}
