package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.BrokenPromise;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.tlog.Checkpoint;
import dev.waggle.ledger.tlog.Fork;
import dev.waggle.ledger.tlog.MalformedCheckpointException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "faults",
    description =
        "Show what members did that no honest node does, and whom this node avoids for it.",
    subcommands = {
      FaultsCommand.Export.class,
      FaultsCommand.Verify.class,
      FaultsCommand.Forgive.class
    })
final class FaultsCommand extends NodeCommand {
  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode body = node().get("/swarm/v1/faults");
    if (isJson()) {
      out().println(body);
      return ExitCode.DONE;
    }
    if (body.path("faults").isEmpty()) {
      out().println("no faults");
      return ExitCode.DONE;
    }
    Table standings = new Table("NAME", "SCORE", "AVOIDED UNTIL", "PEER ID");
    for (JsonNode each : body.path("standings")) {
      standings.row(
          each.path("name").asText(),
          each.path("score").asText(),
          each.path("shunnedUntil").asText("-"),
          each.path("peerId").asText());
    }
    standings.print(out());
    out().println();
    Table faults = new Table("ID", "TIME", "NAME", "WHAT", "EVIDENCE");
    for (JsonNode each : body.path("faults")) {
      faults.row(
          each.path("id").asText(),
          each.path("time").asText(),
          each.path("name").asText(),
          each.path("what").asText(),
          each.has("evidence") ? "yes" : "-");
    }
    faults.print(out());
    return ExitCode.DONE;
  }

  @Command(name = "export", description = "Write the evidence of a fault into a file for others.")
  static final class Export extends NodeCommand {
    @Parameters(
        index = "0",
        paramLabel = "ID",
        description = "Of the fault, as \"faults\" shows it.")
    private long id;

    @Parameters(index = "1", paramLabel = "FILE", description = "A file that is not there yet.")
    private Path file = Path.of("");

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      for (JsonNode each : node().get("/swarm/v1/faults").path("faults")) {
        if (each.path("id").asLong() == id && each.has("evidence")) {
          GivenFile.write(file, each.path("evidence").binaryValue());
          out()
              .println("wrote " + file + " (check it anywhere: waggle faults verify " + file + ")");
          return ExitCode.DONE;
        }
      }
      throw new CommandException(
          ExitCode.FAILED,
          "there is no fault " + id + " with evidence (\"waggle faults\" shows them)");
    }
  }

  @Command(name = "forgive", description = "Forget a member's faults: it gets tasks again at once.")
  static final class Forgive extends NodeCommand {
    @Parameters(paramLabel = "MEMBER", description = "A member's name or peer id.")
    private String member = "";

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      JsonNode left = node().post("/swarm/v1/faults/forgive", Map.of("peer", member));
      out().println(isJson() ? left : member + " begins anew");
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "verify",
      description = "Check evidence with nothing but its file; no node has to run.",
      mixinStandardHelpOptions = true)
  static final class Verify implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "What \"faults export\" wrote.")
    private Path file = Path.of("");

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws CommandException {
      PrintWriter out = spec.commandLine().getOut();
      byte[] bytes = GivenFile.read(file, BrokenPromise.BYTES_MAX);
      PeerId accused;
      List<String> contradictions;
      try {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.startsWith(Checkpoint.ORIGIN)) {
          Fork fork = Fork.parse(text);
          accused = fork.accused();
          contradictions =
              List.of(
                  "two roots of the first "
                      + fork.one().checkpoint().size()
                      + " entries of its ledger");
        } else {
          BrokenPromise promise = BrokenPromise.parse(bytes);
          accused = promise.accused();
          contradictions = promise.contradictions();
        }
      } catch (MalformedReceiptException | MalformedCheckpointException e) {
        throw new CommandException(ExitCode.FAILED, file + ": " + e.getMessage(), e);
      }
      boolean proves = !contradictions.isEmpty();
      if (json) {
        out.println(
            new ObjectMapper()
                .valueToTree(
                    Map.of(
                        "proves", proves,
                        "accused", accused.toString(),
                        "contradictions", contradictions)));
      } else if (proves) {
        out.println(accused + " signed both:");
        contradictions.forEach(each -> out.println("  " + each));
      } else {
        out.println("it proves nothing: the two agree, or are not signed by one worker");
      }
      return proves ? ExitCode.DONE : ExitCode.FAILED;
    }
  }
}
