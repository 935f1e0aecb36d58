package dev.waggle.node.cli;

import dev.waggle.node.log.ProgramLog;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program's command line as a whole. */
@Command(
    name = "waggle",
    description = "Shares a team's machines for local AI models, without a server.",
    subcommands = {
      StartCommand.class,
      DemoCommand.class,
      StatusCommand.class,
      PeersCommand.class,
      ModelsCommand.class,
      ChatCommand.class,
      RunCommand.class,
      MapCommand.class,
      CodeCommand.class,
      JobCommand.class,
      FaultsCommand.class,
      InviteCommand.class,
      JoinCommand.class,
      LabelCommand.class,
      LeaveCommand.class,
      MembersCommand.class,
      ReceiptCommand.class,
      RevokeCommand.class,
      PauseCommand.class,
      ResumeCommand.class,
      TokenCommand.class,
      OwnerCommand.class,
      KeysCommand.class,
      LedgerCommand.class,
      DoctorCommand.class,
      Libp2pCommand.class,
      VersionCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:the work failed",
      "2:the command was used wrongly",
      "3:the node is not running"
    },
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.Provider.class)
public final class WaggleCommand implements Runnable {
  @Spec private CommandSpec spec;

  WaggleCommand() {
    spec = CommandSpec.create();
  }

  /** Runs one command line and returns the exit code. */
  public static int run(String... arguments) {
    ProgramLog.silent();
    CommandLine line = new CommandLine(new WaggleCommand());
    line.setExitCodeExceptionMapper(WaggleCommand::exitCode);
    line.setExecutionExceptionHandler(
        (failure, command, result) -> {
          PrintWriter err = command.getErr();
          if (failure instanceof CommandException expected) {
            err.println("waggle: " + expected.getMessage());
            return expected.exitCode();
          }
          err.println("waggle: this should not have happened: " + failure);
          return ExitCode.FAILED;
        });
    line.setParameterExceptionHandler(
        (failure, given) -> {
          PrintWriter err = failure.getCommandLine().getErr();
          err.println("waggle: " + failure.getMessage());
          CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
          err.println("(try: waggle " + name(failure) + "--help)");
          return ExitCode.USAGE;
        });
    return line.execute(arguments);
  }

  private static String name(ParameterException failure) {
    String name = failure.getCommandLine().getCommandName();
    return name.equals("waggle") ? "" : name + " ";
  }

  private static int exitCode(Throwable failure) {
    return failure instanceof CommandException expected ? expected.exitCode() : ExitCode.FAILED;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to do");
  }
}
