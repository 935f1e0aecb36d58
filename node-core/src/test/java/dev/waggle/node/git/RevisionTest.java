package dev.waggle.node.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.snapshot.FileArchive;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevisionTest {
  private @TempDir Path directory;

  @Test
  void revision_isFrozenAsItWasCommitted_alwaysToTheSameBytes() throws Exception {
    GitFolder repository = GitFolder.create(directory.resolve("me@work"));
    repository.write("src/a.py", "1\n");
    assertThat(repository.write("run", "#!/bin/sh\n").toFile().setExecutable(true)).isTrue();
    repository.write("a:b", "no name everywhere");
    Files.createSymbolicLink(repository.path().resolve("link"), Path.of("/etc/passwd"));
    repository.commit();
    Revision frozen = Revision.read(repository.path().toString());
    assertThat(frozen.uncommitted()).isFalse();
    assertThat(frozen.leftOut()).containsExactlyInAnyOrder("a:b", "link");
    assertThat(FileArchive.read(new ByteArrayInputStream(frozen.archive())))
        .containsExactly(
            new CodeFile("run", Bytes.of("#!/bin/sh\n"), /* executable= */ true),
            new CodeFile("src/a.py", Bytes.of("1\n")));

    repository.write("src/a.py", "changed\n");
    repository.write("new", "");
    Revision same = Revision.read(repository.path().resolve("src").toString());
    assertThat(same.uncommitted()).isTrue();
    assertThat(same.archive()).isEqualTo(frozen.archive());
    repository.commit();
    assertThat(Revision.read(repository.path().toString()).archive())
        .isNotEqualTo(frozen.archive());
    assertThat(Revision.read(repository.path() + "@HEAD~1").archive()).isEqualTo(frozen.archive());
  }

  @Test
  void whatCannotBeFrozen_saysWhy() throws Exception {
    assertThatThrownBy(() -> Revision.read(directory.resolve("nowhere").toString()))
        .isInstanceOf(RevisionException.class)
        .hasMessageContaining("there is no directory");
    GitFolder repository = GitFolder.create(directory.resolve("empty"));
    assertThatThrownBy(() -> Revision.read(repository.path().toString()))
        .hasMessageContaining("no revision \"HEAD\"");
    repository.write("large", "x".repeat((int) Snapshot.BYTES_MAX + 1));
    repository.commit();
    assertThatThrownBy(() -> Revision.read(repository.path().toString()))
        .hasMessageContaining("larger than a snapshot may be");
  }
}
