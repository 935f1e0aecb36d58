package dev.waggle.node.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  private @TempDir Path directory;

  @Test
  void newDirectory_isItsOwnersOnly() throws Exception {
    Path path = directory.resolve("a/b");
    try (DataDirectory opened = DataDirectory.open(path)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(opened.path())))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void directoryInUse_isRefused_untilItIsClosed() throws Exception {
    DataDirectory first = DataDirectory.open(directory);
    assertThatThrownBy(() -> DataDirectory.open(directory))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("in use by another node");
    first.close();
    DataDirectory.open(directory).close();
  }

  @Test
  void file_isNoDirectory() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "");
    assertThatThrownBy(() -> DataDirectory.open(file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("is a file");
  }

  @Test
  void token_isMadeOnce_andRefusedWhenOthersCanReadIt() throws Exception {
    try (DataDirectory opened = DataDirectory.open(directory)) {
      String token = opened.token();
      assertThat(token).matches("[0-9a-f]{64}");
      assertThat(opened.token()).isEqualTo(token);
      Path file = directory.resolve("api.token");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
      assertThatThrownBy(opened::token)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("chmod 600");
    }
  }

  @Test
  void announcement_isThereWhileTheNodeRuns() throws Exception {
    RunningNode node = new RunningNode("127.0.0.1:1", List.of("/ip4/127.0.0.1/tcp/2"), "id", 3);
    Path ready = directory.resolve("ready.json");
    try (DataDirectory opened = DataDirectory.open(directory.resolve("data"))) {
      opened.announce(node);
      DataDirectory.write(ready, node);
      assertThat(DataDirectory.running(opened.path())).contains(node);
      assertThat(Files.readAllLines(ready)).hasSize(1);
    }
    assertThat(DataDirectory.running(directory.resolve("data"))).isEmpty();
    Files.writeString(directory.resolve("node.json"), "{");
    assertThatThrownBy(() -> DataDirectory.running(directory)).isInstanceOf(DataException.class);
  }
}
