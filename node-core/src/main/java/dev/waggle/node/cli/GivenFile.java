package dev.waggle.node.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Files that users name: written where none is yet, read up to a bound. */
final class GivenFile {
  private GivenFile() {}

  /** Begins a file that is not there yet. */
  static OutputStream create(Path file) throws CommandException {
    try {
      return Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      throw new CommandException(ExitCode.FAILED, file + " is there already", e);
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILED, file + " cannot be written: " + e, e);
    }
  }

  static void write(Path file, byte[] content) throws CommandException {
    try (OutputStream out = create(file)) {
      out.write(content);
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILED, file + " cannot be written: " + e, e);
    }
  }

  /** Reads a file of bounded length that somebody was given. */
  static byte[] read(Path file, int bytesMax) throws CommandException {
    try {
      if (Files.size(file) > bytesMax) {
        throw new CommandException(
            ExitCode.FAILED, file + " has more than " + bytesMax + " bytes: it is something else");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILED, file + " cannot be read: " + e, e);
    }
  }
}
