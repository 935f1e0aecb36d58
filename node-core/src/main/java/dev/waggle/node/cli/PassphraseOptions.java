package dev.waggle.node.cli;

import dev.waggle.crypto.PassphraseSource;
import dev.waggle.node.data.GivenPassphrase;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where passphrases come from: a file, the environment, or the terminal. */
final class PassphraseOptions {
  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description =
          "Has the passphrase of the node's keys (default: $$WAGGLE_PASSPHRASE, else it is asked).")
  private @Nullable Path keysFile;

  @Option(
      names = "--other-passphrase-file",
      paramLabel = "FILE",
      description =
          "Has the other passphrase, of the exported file or the new one of the keys (default:"
              + " $$WAGGLE_OTHER_PASSPHRASE, else it is asked).")
  private @Nullable Path otherFile;

  PassphraseSource keys() {
    return new GivenPassphrase(
        "the passphrase of the keys",
        Optional.ofNullable(keysFile),
        GivenPassphrase.KEYS_VARIABLE,
        1);
  }

  PassphraseSource ofNewLock() {
    return other("the new passphrase of the keys", 2);
  }

  PassphraseSource ofNewExport() {
    return other("a passphrase for the file", 2);
  }

  PassphraseSource ofExport() {
    return other("the passphrase of the file", 1);
  }

  private PassphraseSource other(String what, int prompts) {
    return new GivenPassphrase(
        what, Optional.ofNullable(otherFile), "WAGGLE_OTHER_PASSPHRASE", prompts);
  }
}
