package dev.waggle.node.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class NodeDatabaseTest {
  private static final long COMPACT_MIN = 512 << 10;
  private static final int WRITES = 300;

  // Not so many that the file has grown again.
  private static final int WRITES_A_ROUND = 8;

  private @TempDir Path directory;

  @Test
  void fileThatGrows_isMadeSmaller_andKeepsWhatIsInIt() throws Exception {
    Path file = directory.resolve("node.mv.db");
    try (NodeDatabase database = NodeDatabase.open(file, COMPACT_MIN)) {
      PauseStore pauses = new PauseStore(database);
      AtomicBoolean over = new AtomicBoolean();
      CompletableFuture<Void> reading =
          CompletableFuture.runAsync(
              () -> {
                while (!over.get()) {
                  assertThat(pauses.until()).isNotNull();
                }
              },
              task -> new Thread(task).start());
      for (int i = 0; i < WRITES; i++) {
        pauses.save(Instant.ofEpochMilli(i));
      }
      over.set(true);
      reading.get(10, TimeUnit.SECONDS);
      // Whoever reads puts it off.
      await()
          .until(
              () -> {
                for (int i = 0; i < WRITES_A_ROUND; i++) {
                  pauses.save(Instant.ofEpochMilli(WRITES));
                }
                return Files.size(file) < COMPACT_MIN;
              });
    }
    try (NodeDatabase again = NodeDatabase.open(file)) {
      assertThat(new PauseStore(again).until()).isEqualTo(Instant.ofEpochMilli(WRITES));
    }
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  /** A node that paused itself, with an invite that was used, as schema 7 had it. */
  @Test
  void earlierSchema_isBroughtUpToDate_withAllThatIsInIt() throws Exception {
    Path file = directory.resolve("node.mv.db");
    try (InputStream packed = NodeDatabaseTest.class.getResourceAsStream("schema-7.mv.db.gz")) {
      Files.copy(new GZIPInputStream(packed), file);
    }
    try (NodeDatabase database = NodeDatabase.open(file)) {
      assertThat(new PauseStore(database).until()).isAfter(Instant.parse("2026-11-21T00:00:00Z"));
      H2MembershipStore members = new H2MembershipStore(database);
      assertThat(members.ownChain()).isPresent();
      assertThat(members.members()).hasSize(1);
    }
  }
}
