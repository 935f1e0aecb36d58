package dev.waggle.worker.sandbox.docker;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.snapshot.FileArchive;
import dev.waggle.worker.sandbox.RunFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The first process of a task's container, {@code entry.sh}: what it is given. */
final class EntryScript {
  /** What it returns, without having said its mark, where the task could not be unpacked. */
  static final int CANNOT = 125;

  private static final String SCRIPT = JarText.read("entry.sh");

  private final List<String> arguments = new ArrayList<>();
  private final byte[] input;

  /**
   * The entry of one container.
   *
   * @param directory where the task is unpacked; no image has one of this name
   * @param mark what the script says between the output of the task and its own; nobody guesses it
   */
  EntryScript(TaskSpec.Code task, String directory, String mark) {
    List<CodeFile> files = new ArrayList<>(new RunFiles(task).all());
    files.add(new CodeFile(".stdin-" + mark, task.stdin()));
    String wanted = String.join("\n", task.collect()) + (task.collect().isEmpty() ? "" : "\n");
    files.add(new CodeFile(".wanted-" + mark, Bytes.of(wanted)));
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    try {
      FileArchive.write(tar, files);
    } catch (IOException e) {
      throw new UncheckedIOException("memory is always there to be written to", e);
    }
    input = tar.toByteArray();
    arguments.addAll(
        List.of("-c", SCRIPT, "entry", directory, Integer.toString(input.length), mark));
    arguments.addAll(PinnedImage.command(task));
    arguments.addAll(task.args());
  }

  /** What the shell is called with. */
  List<String> arguments() {
    return List.copyOf(arguments);
  }

  /** What goes to its standard input. */
  byte[] input() {
    return input.clone();
  }
}
