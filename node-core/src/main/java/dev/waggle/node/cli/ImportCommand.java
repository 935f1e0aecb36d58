package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.tlog.MalformedCheckpointException;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import dev.waggle.node.api.VerificationJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "import",
    description =
        "Take another's exported record for an audit: it is checked, compared with what this node"
            + " cosigned of it, and kept for \"ledger list --of\" and \"ledger statement --of\".")
final class ImportCommand extends NodeCommand {
  private static final String FOLDER = "imported";
  private static final String SUFFIX = ".jsonl";

  @Parameters(paramLabel = "FILE", description = "What \"ledger export\" wrote.")
  private Path file = Path.of("");

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    PeerId owner = RecordFile.owner(file);
    Optional<SignedCheckpoint> seen = seen(owner);
    RecordFile.Checked checked;
    try (ProgressBar progress = new ProgressBar()) {
      checked = RecordFile.check(file, seen, progress, entry -> {});
    }
    ObjectNode result = VerificationJson.of(checked.verification());
    result.put("peer", owner.toString());
    seen.ifPresent(known -> result.put("cosignedEntries", known.checkpoint().size()));
    if (!checked.verification().valid()) {
      throw new CommandException(
          ExitCode.FAILED,
          "the record of "
              + owner
              + " is "
              + LedgerVerifyCommand.notWhole(result)
              + " (it was not imported)");
    }
    keep(owner);
    if (isJson()) {
      out().println(result);
      return ExitCode.DONE;
    }
    out()
        .println(
            "imported "
                + checked.verification().entries()
                + " entries of "
                + owner
                + seen.map(
                        known ->
                            ", the first "
                                + known.checkpoint().size()
                                + " as this node cosigned them")
                    .orElse("; this node has cosigned none of them")
                + " (try: waggle ledger statement --of "
                + owner
                + ")");
    return ExitCode.DONE;
  }

  private Optional<SignedCheckpoint> seen(PeerId owner)
      throws CommandException, IOException, InterruptedException {
    JsonNode known = node().get("/swarm/v1/ledger/cosigned?peer=" + owner);
    try {
      return known.has("checkpoint")
          ? Optional.of(SignedCheckpoint.parse(known.path("checkpoint").asText()))
          : Optional.empty();
    } catch (MalformedCheckpointException e) {
      throw new CommandException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
    }
  }

  private void keep(PeerId owner) throws CommandException {
    Path kept = file(directory(), owner);
    try {
      Files.createDirectories(kept.getParent());
      Path copy = Files.createTempFile(kept.getParent(), "copy", SUFFIX);
      Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
      Files.move(copy, kept, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILED, kept + " cannot be written: " + e, e);
    }
  }

  private static Path file(Path directory, PeerId owner) {
    return directory.resolve(FOLDER).resolve(owner + SUFFIX);
  }

  /** The record of a member that was imported. */
  static Path imported(Path directory, String peer) throws CommandException {
    try {
      Path file = file(directory, PeerId.parse(peer));
      if (Files.exists(file)) {
        return file;
      }
    } catch (IllegalArgumentException e) {
      throw new CommandException(
          ExitCode.USAGE, "--of takes a peer id (\"waggle members\" shows them)", e);
    }
    throw new CommandException(
        ExitCode.FAILED, "no record of " + peer + " was imported (try: waggle ledger import FILE)");
  }
}
