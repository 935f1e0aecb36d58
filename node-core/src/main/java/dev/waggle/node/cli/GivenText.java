package dev.waggle.node.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Files that a user names, to be part of a job. */
final class GivenText {
  private static final long BYTES_MAX = 4L << 20;

  private GivenText() {}

  /**
   * Reads a text.
   *
   * @throws CommandException if it is not there, too large, or no text
   */
  static String read(Path file) throws CommandException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(file))).toString();
    } catch (CharacterCodingException e) {
      throw new CommandException(ExitCode.USAGE, file + " is no text in UTF-8", e);
    }
  }

  /**
   * Reads whatever it is.
   *
   * @throws CommandException if it is not there, or too large
   */
  static byte[] bytes(Path file) throws CommandException {
    try {
      if (Files.size(file) > BYTES_MAX) {
        throw new CommandException(
            ExitCode.USAGE, file + " is larger than " + (BYTES_MAX >> 20) + " MiB");
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new CommandException(ExitCode.USAGE, "there is no file " + file, e);
    } catch (IOException e) {
      throw new CommandException(ExitCode.USAGE, file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
