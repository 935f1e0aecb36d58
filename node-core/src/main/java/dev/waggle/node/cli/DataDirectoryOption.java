package dev.waggle.node.cli;

import dev.waggle.node.data.DataDirectory;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that every command has: which node. */
final class DataDirectoryOption {
  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description = "The node's folder (default: $$WAGGLE_HOME, else ~/.waggle).")
  private @Nullable Path path;

  Path path() {
    return (path == null ? DataDirectory.defaultPath() : path).toAbsolutePath().normalize();
  }
}
