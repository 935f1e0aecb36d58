package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.ChainCheck;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.ledger.Verification;
import dev.waggle.ledger.tlog.MalformedCheckpointException;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A whole record as a file: a line of JSON with the signed checkpoint, then one for each entry, as
 * it is hashed, and its payload.
 */
final class RecordFile {
  private static final String FORMAT = "waggle-ledger-1";
  private static final ObjectMapper JSON = new ObjectMapper();

  private RecordFile() {}

  /** What a check found. */
  record Checked(Verification verification, SignedCheckpoint checkpoint) {}

  /** Begins a file. */
  static Writing create(Path file, String note) throws CommandException, IOException {
    try {
      long size = SignedCheckpoint.parse(note).checkpoint().size();
      return new Writing(
          new BufferedWriter(
              new OutputStreamWriter(GivenFile.create(file), StandardCharsets.UTF_8)),
          note,
          size);
    } catch (MalformedCheckpointException e) {
      throw new CommandException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
    }
  }

  /** A file that is being written. */
  static final class Writing implements AutoCloseable {
    private final BufferedWriter lines;
    private final long size;
    private long written;

    private Writing(BufferedWriter lines, String note, long size) throws IOException {
      this.lines = lines;
      this.size = size;
      lines.write(
          JsonNodeFactory.instance
              .objectNode()
              .put("format", FORMAT)
              .put("checkpoint", note)
              .toString());
      lines.newLine();
    }

    /** Adds an entry; those after the checkpoint are left out. */
    void write(JsonNode entry) throws IOException {
      if (!isComplete()) {
        lines.write(entry.toString());
        lines.newLine();
        written++;
      }
    }

    long written() {
      return written;
    }

    long size() {
      return size;
    }

    boolean isComplete() {
      return written == size;
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  /**
   * Checks a file with nothing else, or with what somebody saw of the record before.
   *
   * @param seen a checkpoint that the record has to have had
   * @param entries hears of each good entry
   */
  static Checked check(
      Path file,
      Optional<SignedCheckpoint> seen,
      ProgressBar progress,
      Consumer<LedgerEntry> entries)
      throws CommandException {
    ChainCheck chain = new ChainCheck();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      SignedCheckpoint checkpoint = checkpoint(file, lines.readLine());
      if (seen.map(known -> known.checkpoint().size()).orElse(0L)
          > checkpoint.checkpoint().size()) {
        return checked(
            chain, Optional.of("it ends before entries that this node cosigned"), checkpoint);
      }
      String line;
      while ((line = lines.readLine()) != null) {
        JsonNode entry = JSON.readTree(line);
        Optional<String> fault =
            chain.next(
                bytes(entry.path("entry")),
                entry.has("payload") ? bytes(entry.path("payload")) : null);
        fault = fault.or(() -> chain.compare(seen));
        if (fault.isPresent()) {
          return checked(chain, fault, checkpoint);
        }
        entries.accept(chain.last());
        progress.at(chain.checked(), checkpoint.checkpoint().size());
      }
      return checked(chain, chain.atEnd().or(() -> chain.under(checkpoint)), checkpoint);
    } catch (IOException e) {
      throw new CommandException(
          ExitCode.FAILED, file + " cannot be read after entry " + chain.checked() + ": " + e, e);
    }
  }

  /** What is no text in base64 is nothing, which the check then finds. */
  private static byte[] bytes(JsonNode text) throws IOException {
    return text.isTextual() ? text.binaryValue() : new byte[0];
  }

  private static Checked checked(
      ChainCheck chain, Optional<String> fault, SignedCheckpoint checkpoint) {
    return new Checked(
        new Verification(
            chain.checked(),
            chain.receipts(),
            fault.map(cause -> new Verification.Fault(chain.checked(), cause))),
        checkpoint);
  }

  /** Whose record it says it is. */
  static PeerId owner(Path file) throws CommandException {
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      return checkpoint(file, lines.readLine()).checkpoint().log();
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILED, file + " cannot be read: " + e, e);
    }
  }

  private static SignedCheckpoint checkpoint(Path file, @Nullable String line)
      throws CommandException, IOException {
    JsonNode first = JSON.readTree(line == null ? "" : line);
    if (!first.path("format").asText().equals(FORMAT)) {
      throw new CommandException(ExitCode.FAILED, file + " is no exported record");
    }
    try {
      return SignedCheckpoint.parse(first.path("checkpoint").asText());
    } catch (MalformedCheckpointException e) {
      throw new CommandException(ExitCode.FAILED, file + ": " + e.getMessage(), e);
    }
  }
}
