package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.waggle.node.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "version",
    description = "Show this program's version.",
    mixinStandardHelpOptions = true)
final class VersionCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** The version for {@code --version}. */
  static final class Provider implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {text()};
    }
  }

  private static String text() {
    return "waggle " + Version.current() + " (Java " + Runtime.version() + ")";
  }

  @Override
  public Integer call() {
    String line =
        json
            ? JsonNodeFactory.instance
                .objectNode()
                .put("version", Version.current())
                .put("java", Runtime.version().toString())
                .toString()
            : text();
    spec.commandLine().getOut().println(line);
    spec.commandLine().getOut().flush();
    return ExitCode.DONE;
  }
}
