package dev.waggle.worker.sandbox.quickjs;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The memory of an interpreter that is ready for its script.
 *
 * @param launcher the script that runs the task's
 * @param module the bytes of QuickJS's module, so that no jar has to be opened for them
 * @param memory whole pages of it
 */
record MemoryImage(QuickJs.Script launcher, byte[] module, byte[] memory) {
  static MemoryImage read(Path file) throws IOException {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      QuickJs.Script launcher = new QuickJs.Script(in.readInt(), in.readInt());
      byte[] module = in.readNBytes(in.readInt());
      return new MemoryImage(launcher, module, in.readAllBytes());
    }
  }

  void write(Path file) throws IOException {
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
      out.writeInt(launcher.address());
      out.writeInt(launcher.length());
      out.writeInt(module.length);
      out.write(module);
      out.write(memory);
    }
  }
}
