package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "token",
    description = "Give each client of the API a token of its own, with just the scopes it needs.",
    subcommands = {
      TokenCommand.Create.class,
      TokenCommand.ListTokens.class,
      TokenCommand.Revoke.class
    },
    mixinStandardHelpOptions = true)
final class TokenCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to do: create, list or revoke");
  }

  @Command(name = "create", description = "Make a token; it is shown this once.")
  static final class Create extends NodeCommand {
    @Option(
        names = "--scope",
        paramLabel = "SCOPE",
        required = true,
        description =
            "What it is for, repeatable: chat (ask models), read (read tasks and the ledger) or"
                + " admin (everything).")
    private List<String> scopes = List.of();

    @Option(
        names = "--name",
        paramLabel = "NAME",
        defaultValue = "client",
        description = "Whose it is.")
    private String name = "client";

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      JsonNode made = node().post("/swarm/v1/tokens", Map.of("name", name, "scopes", scopes));
      out().println(isJson() ? made.toString() : made.path("token").asText());
      return ExitCode.DONE;
    }
  }

  @Command(name = "list", description = "Show the tokens, without their secrets.")
  static final class ListTokens extends NodeCommand {
    @Override
    int run() throws CommandException, IOException, InterruptedException {
      JsonNode body = node().get("/swarm/v1/tokens");
      if (isJson()) {
        out().println(body);
        return ExitCode.DONE;
      }
      Table table = new Table("ID", "NAME", "SCOPES", "MADE");
      for (JsonNode token : body.path("tokens")) {
        List<String> scopes = new ArrayList<>();
        token.path("scopes").forEach(scope -> scopes.add(scope.asText()));
        table.row(
            token.path("id").asText(),
            token.path("name").asText(),
            String.join(", ", scopes),
            token.path("created").asText());
      }
      table.print(out());
      return ExitCode.DONE;
    }
  }

  @Command(name = "revoke", description = "Make a token useless, at once.")
  static final class Revoke extends NodeCommand {
    @Parameters(paramLabel = "ID", description = "As \"token list\" shows it.")
    private String id = "";

    @Override
    int run() throws CommandException, IOException, InterruptedException {
      JsonNode left = node().delete("/swarm/v1/tokens/" + id);
      if (isJson()) {
        out().println(left);
      } else {
        out().println("revoked " + id);
      }
      return ExitCode.DONE;
    }
  }
}
