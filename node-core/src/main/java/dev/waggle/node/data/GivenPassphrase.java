package dev.waggle.node.data;

import dev.waggle.crypto.OwnerOnlyFile;
import dev.waggle.crypto.PassphraseSource;
import dev.waggle.crypto.SecretsException;
import java.io.Console;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * A passphrase from a file that only its owner can read, else from an environment variable, else,
 * where that is wanted, from the terminal.
 *
 * @param what it is, for people, as in "the passphrase of the keys"
 * @param file where it is
 * @param variable the environment variable that may have it
 * @param prompts how often to ask at the terminal: 0 never, 2 for a new one
 */
public record GivenPassphrase(String what, Optional<Path> file, String variable, int prompts)
    implements PassphraseSource {
  /** The variable that has the passphrase of the keys. */
  public static final String KEYS_VARIABLE = "WAGGLE_PASSPHRASE";

  private static final int BYTES_MAX = 1 << 10;

  /** The passphrase of a running node's keys: nobody is at a terminal. */
  public static GivenPassphrase ofKeys(Optional<Path> file) {
    return new GivenPassphrase("the passphrase of the keys", file, KEYS_VARIABLE, 0);
  }

  @Override
  public char[] ask() throws SecretsException {
    if (file.isPresent()) {
      byte[] bytes = OwnerOnlyFile.read(file.get(), BYTES_MAX);
      String line = new String(bytes, StandardCharsets.UTF_8).replaceAll("\\R$", "");
      return line.toCharArray();
    }
    String given = System.getenv(variable);
    if (given != null) {
      return given.toCharArray();
    }
    Console console = prompts == 0 ? null : System.console();
    if (console == null) {
      throw new SecretsException(
          what + " is needed (put it into " + variable + ", or name a file that has it)");
    }
    char[] first = console.readPassword("%s: ", what);
    if (prompts > 1 && !Arrays.equals(first, console.readPassword("%s, again: ", what))) {
      throw new SecretsException("the two passphrases differ");
    }
    return first == null ? new char[0] : first;
  }
}
