package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.SecretsException;
import dev.waggle.ledger.LedgerException;
import dev.waggle.ledger.LedgerVerifier;
import dev.waggle.ledger.Verification;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import dev.waggle.node.api.VerificationJson;
import dev.waggle.node.data.DataDirectory;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description =
        "Check the whole record: by the running node, or offline when none runs; or another's,"
            + " that it exported.")
final class LedgerVerifyCommand extends NodeCommand {
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
      out().println("the ledger is " + notWhole(result));
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
      out().println("the record is " + notWhole(result));
    }
    return valid ? ExitCode.DONE : ExitCode.FAILED;
  }

  /** What a check found wrong. */
  static String notWhole(JsonNode result) {
    return "NOT whole: entry "
        + result.path("badEntry").asLong()
        + ": "
        + result.path("cause").asText();
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
