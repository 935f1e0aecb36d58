package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.ledger.EntryProof;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.tlog.Cosignature;
import dev.waggle.node.api.ReceiptJson;
import dev.waggle.node.audit.MalformedProofException;
import dev.waggle.node.audit.ProofJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "receipt",
    description = "Take a receipt out of the record, or check one.",
    subcommands = {ReceiptCommand.Export.class, ReceiptCommand.Verify.class},
    mixinStandardHelpOptions = true)
final class ReceiptCommand implements Runnable {
  private static final int FILE_BYTES_MAX = 1 << 18;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to do: export or verify");
  }

  @Command(
      name = "export",
      description = "Write the receipt of a task, and the proof that it is in this record.")
  static final class Export extends NodeCommand {
    @Parameters(
        index = "0",
        paramLabel = "TASK",
        description = "As the header x-waggle-task had it.")
    private String task = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "A file that is not there yet.")
    private Path file = Path.of("");

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      String query = "task=" + URLEncoder.encode(task, StandardCharsets.UTF_8);
      JsonNode proof = node().get("/swarm/v1/ledger/proof?" + query);
      write(proof, file, out());
      return ExitCode.DONE;
    }
  }

  /** Writes a proof into a file, and says so. */
  static void write(JsonNode proof, Path file, PrintWriter out) throws CommandException {
    GivenFile.write(file, (proof.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    out.println("wrote " + file + " (check it anywhere: waggle receipt verify " + file + ")");
  }

  @Command(
      name = "verify",
      description = "Check a receipt with nothing but its file; no node has to run.",
      mixinStandardHelpOptions = true)
  static final class Verify implements Callable<Integer> {
    @Parameters(
        paramLabel = "FILE",
        description = "What \"receipt export\" or \"ledger proof\" wrote.")
    private Path file = Path.of("");

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws CommandException {
      EntryProof proof;
      Receipt receipt;
      try {
        JsonNode body = new ObjectMapper().readTree(GivenFile.read(file, FILE_BYTES_MAX));
        proof = ProofJson.parse(body);
        if (!proof.holds()) {
          throw wrong("its entry is not in the record that its checkpoint is of");
        }
        if (proof.entry().type() != EntryType.RECEIPT) {
          throw wrong(
              "its entry is good and no receipt, but a "
                  + proof.entry().type().name().toLowerCase(java.util.Locale.ROOT));
        }
        receipt = Receipt.parse(proof.entry().payload());
        if (!receipt.verifyBoth()) {
          throw wrong("its receipt is not signed by both sides");
        }
      } catch (MalformedProofException | MalformedReceiptException e) {
        throw new CommandException(ExitCode.FAILED, file + ": " + e.getMessage(), e);
      } catch (IOException e) {
        throw new CommandException(ExitCode.FAILED, file + " is no JSON", e);
      }
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(json(proof, receipt.body()));
      } else {
        print(out, proof, receipt.body());
      }
      return ExitCode.DONE;
    }

    private CommandException wrong(String what) {
      return new CommandException(ExitCode.FAILED, file + ": " + what);
    }

    private static ObjectNode json(EntryProof proof, ReceiptBody body) {
      ObjectNode node = new ObjectMapper().createObjectNode().put("valid", true);
      ReceiptJson.describe(node, body);
      node.put("finished", body.finished().toString());
      node.put("ledger", proof.checkpoint().checkpoint().log().toString());
      node.put("entry", proof.entry().sequence());
      var cosigned = node.putArray("cosignedBy");
      proof.checkpoint().cosignatures().forEach(each -> cosigned.add(each.witness().toString()));
      return node;
    }

    private static void print(PrintWriter out, EntryProof proof, ReceiptBody body) {
      out.println("the receipt is good: both sides signed it");
      out.println("  task       " + body.task());
      out.println("  requester  " + body.requester());
      out.println("  worker     " + body.worker());
      out.println("  model      " + body.model() + " (" + body.modelDigest() + ")");
      out.println(
          "  tokens     "
              + body.work().promptTokens()
              + " read, "
              + body.work().outputTokens()
              + " written");
      out.println("  finished   " + body.finished() + ", by the worker's clock");
      if (!body.labels().isEmpty()) {
        out.println("  labels     " + String.join(", ", body.labels()));
      }
      out.println(
          "it is entry "
              + proof.entry().sequence()
              + " of the record of "
              + proof.checkpoint().checkpoint().log()
              + ", which that node signed at "
              + proof.checkpoint().checkpoint().size()
              + " entries");
      for (Cosignature each : proof.checkpoint().cosignatures()) {
        out.println("  seen so by " + each.witness() + " on " + each.time());
      }
    }
  }
}
