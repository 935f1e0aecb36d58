package dev.waggle.worker.model;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The folder of {@code .gguf} files for llama.cpp.
 *
 * @param path need not exist
 */
record GgufFolder(Path path) {
  private static final String SUFFIX = ".gguf";
  // What every file system takes, and none takes for something else.
  private static final Pattern NAME = Pattern.compile("\\w[\\w.+ -]{0,149}");

  /** A model's file, directly in the folder; empty if it cannot have that name. */
  Optional<Path> file(String model) {
    return NAME.matcher(model).matches()
        ? Optional.of(path.resolve(model + SUFFIX))
        : Optional.empty();
  }
}
