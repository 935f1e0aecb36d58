package dev.waggle.node.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that asks the running node something and prints the answer. */
@Command(mixinStandardHelpOptions = true)
abstract class NodeCommand implements Callable<Integer> {
  @Mixin private final DataDirectoryOption directory = new DataDirectoryOption();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** Does it. */
  abstract int run() throws CommandException, IOException, InterruptedException;

  @Override
  public final Integer call() throws CommandException, InterruptedException {
    try {
      int exitCode = run();
      out().flush();
      return exitCode;
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILED, "the node does not answer: " + e.getMessage(), e);
    }
  }

  NodeClient node() throws CommandException, InterruptedException {
    return NodeClient.connect(directory.path());
  }

  Path directory() {
    return directory.path();
  }

  boolean isJson() {
    return json;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
