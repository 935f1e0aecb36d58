package dev.waggle.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityStoreTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  @TempDir private Path directory;

  @Test
  void identity_isMadeOnce_andKept() throws SecretsException {
    PeerId first = IdentityStore.open(directory, RANDOM).node().peerId();
    assertThat(IdentityStore.open(directory, RANDOM).node().peerId()).isEqualTo(first);
  }

  @Test
  void owner_isAbsentUntilMade_thenKept_thenForgotten() throws SecretsException {
    IdentityStore store = IdentityStore.open(directory, RANDOM);
    assertThat(store.owner()).isEmpty();
    Identity key = Identity.generate(RANDOM);
    PeerId owner = key.peerId();
    store.keepOwner(key);
    assertThat(IdentityStore.open(directory, RANDOM).owner().orElseThrow().peerId())
        .isEqualTo(owner);
    store.deleteOwner();
    assertThat(store.owner()).isEmpty();
  }

  @Test
  void secretsOnDisk_areEncrypted_andTheirOwnersAlone() throws Exception {
    Identity node = IdentityStore.open(directory, RANDOM).node();
    for (String name : new String[] {IdentityStore.KEYSET_FILE, IdentityStore.NODE_FILE}) {
      Path file = directory.resolve(name);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
      String content = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
      assertThat(content).doesNotContain(new String(node.seed(), StandardCharsets.ISO_8859_1));
    }
    try (var files = Files.list(directory)) {
      assertThat(files).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {IdentityStore.KEYSET_FILE, IdentityStore.NODE_FILE})
  void fileThatOthersCanRead_isRefusedWithTheRemedy(String name) throws Exception {
    IdentityStore.open(directory, RANDOM);
    Path file = directory.resolve(name);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> IdentityStore.open(directory, RANDOM))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining("chmod 600 " + file);
  }

  @ParameterizedTest
  @ValueSource(strings = {IdentityStore.KEYSET_FILE, IdentityStore.NODE_FILE})
  void damagedFile_isAnError_andNeverReplaced(String name) throws Exception {
    IdentityStore.open(directory, RANDOM);
    Path file = directory.resolve(name);
    byte[] content = Files.readAllBytes(file);
    content[content.length / 2] ^= 1;
    Files.write(file, content);
    assertThatThrownBy(() -> IdentityStore.open(directory, RANDOM))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining(directory.toString());
    assertThat(Files.readAllBytes(file)).isEqualTo(content);
  }

  @Test
  void missingKeyset_isAnError() throws Exception {
    IdentityStore.open(directory, RANDOM);
    Files.delete(directory.resolve(IdentityStore.KEYSET_FILE));
    assertThatThrownBy(() -> IdentityStore.open(directory, RANDOM))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining("missing");
  }
}
