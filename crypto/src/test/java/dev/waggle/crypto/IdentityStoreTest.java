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
    PeerId first = IdentityStore.open(directory, RANDOM, PassphraseSource.NONE).node().peerId();
    assertThat(IdentityStore.open(directory, RANDOM, PassphraseSource.NONE).node().peerId())
        .isEqualTo(first);
  }

  @Test
  void owner_isAbsentUntilMade_thenKept_thenForgotten() throws SecretsException {
    IdentityStore store = IdentityStore.open(directory, RANDOM, PassphraseSource.NONE);
    assertThat(store.owner()).isEmpty();
    Identity key = Identity.generate(RANDOM);
    PeerId owner = key.peerId();
    store.keepOwner(key);
    assertThat(
            IdentityStore.open(directory, RANDOM, PassphraseSource.NONE)
                .owner()
                .orElseThrow()
                .peerId())
        .isEqualTo(owner);
    store.deleteOwner();
    assertThat(store.owner()).isEmpty();
  }

  @Test
  void sealOfTheDisk_opensUnderItsName_untilTheKeyIsReplacedTwice() throws Exception {
    IdentityStore store = IdentityStore.open(directory, RANDOM, PassphraseSource.NONE);
    byte[] content = {1, 2, 3};
    byte[] sealed = store.disk().seal(content, "a");
    assertThat(store.disk().open(sealed, "a")).hasValue(content);
    assertThat(store.disk().open(sealed, "b")).isEmpty();
    byte[] secret = Files.readAllBytes(directory.resolve(IdentityStore.NODE_FILE));
    assertThat(store.disk().open(secret, IdentityStore.NODE_FILE)).as("never a secret").isEmpty();
    store.rotate(PassphraseSource.NONE);
    IdentityStore once = IdentityStore.open(directory, RANDOM, PassphraseSource.NONE);
    assertThat(once.disk().open(sealed, "a")).hasValue(content);
    once.rotate(PassphraseSource.NONE);
    IdentityStore twice = IdentityStore.open(directory, RANDOM, PassphraseSource.NONE);
    assertThat(twice.disk().open(sealed, "a")).isEmpty();
  }

  @Test
  void secretsOnDisk_areEncrypted_andTheirOwnersAlone() throws Exception {
    Identity node = IdentityStore.open(directory, RANDOM, PassphraseSource.NONE).node();
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
    IdentityStore.open(directory, RANDOM, PassphraseSource.NONE);
    Path file = directory.resolve(name);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> IdentityStore.open(directory, RANDOM, PassphraseSource.NONE))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining("chmod 600 " + file);
  }

  @ParameterizedTest
  @ValueSource(strings = {IdentityStore.KEYSET_FILE, IdentityStore.NODE_FILE})
  void damagedFile_isAnError_andNeverReplaced(String name) throws Exception {
    IdentityStore.open(directory, RANDOM, PassphraseSource.NONE);
    Path file = directory.resolve(name);
    byte[] content = Files.readAllBytes(file);
    content[content.length / 2] ^= 1;
    Files.write(file, content);
    assertThatThrownBy(() -> IdentityStore.open(directory, RANDOM, PassphraseSource.NONE))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining(directory.toString());
    assertThat(Files.readAllBytes(file)).isEqualTo(content);
  }

  @Test
  void missingKeyset_isAnError() throws Exception {
    IdentityStore.open(directory, RANDOM, PassphraseSource.NONE);
    Files.delete(directory.resolve(IdentityStore.KEYSET_FILE));
    assertThatThrownBy(() -> IdentityStore.open(directory, RANDOM, PassphraseSource.NONE))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining("missing");
  }

  private static final String PASSPHRASE = "correct horse battery";

  private static PassphraseSource saying(String passphrase) {
    return passphrase::toCharArray;
  }

  @Test
  void lockedKeys_openWithTheirPassphraseOnly_untilUnlocked() throws Exception {
    IdentityStore store = IdentityStore.open(directory, RANDOM, PassphraseSource.NONE);
    assertThat(IdentityStore.isLocked(directory)).isFalse();
    assertThatThrownBy(() -> store.lock("short".toCharArray()))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining("at least 12 characters");
    store.lock(PASSPHRASE.toCharArray());
    assertThat(IdentityStore.isLocked(directory)).isTrue();
    assertThatThrownBy(() -> IdentityStore.open(directory, RANDOM, PassphraseSource.NONE))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining("locked with a passphrase");
    assertThatThrownBy(() -> IdentityStore.open(directory, RANDOM, saying("wrong horse battery")))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining("passphrase is wrong");
    IdentityStore opened = IdentityStore.open(directory, RANDOM, saying(PASSPHRASE));
    assertThat(opened.node().peerId()).isEqualTo(store.node().peerId());
    opened.unlock();
    assertThat(IdentityStore.open(directory, RANDOM, PassphraseSource.NONE).node().peerId())
        .isEqualTo(store.node().peerId());
  }

  @Test
  void rotatedKeys_openWhatWasWrittenOneRotationAgo_andNothingOlder() throws Exception {
    IdentityStore store = IdentityStore.open(directory, RANDOM, PassphraseSource.NONE);
    Identity owner = Identity.generate(RANDOM);
    store.keepOwner(owner);
    store.lock(PASSPHRASE.toCharArray());
    Path file = directory.resolve(IdentityStore.NODE_FILE);
    byte[] backup = Files.readAllBytes(file);
    store.rotate(saying(PASSPHRASE));
    assertThat(Files.readAllBytes(file)).isNotEqualTo(backup);
    IdentityStore once = IdentityStore.open(directory, RANDOM, saying(PASSPHRASE));
    assertThat(once.node().peerId()).isEqualTo(store.node().peerId());
    assertThat(once.owner().orElseThrow().peerId()).isEqualTo(owner.peerId());
    byte[] current = Files.readAllBytes(file);
    OwnerOnlyFile.write(file, backup);
    assertThat(IdentityStore.open(directory, RANDOM, saying(PASSPHRASE)).node().peerId())
        .isEqualTo(store.node().peerId());
    OwnerOnlyFile.write(file, current);
    once.rotate(saying(PASSPHRASE));
    OwnerOnlyFile.write(file, backup);
    assertThatThrownBy(() -> IdentityStore.open(directory, RANDOM, saying(PASSPHRASE)))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining("belongs to another");
  }

  @Test
  void exportedIdentity_isRestoredElsewhere_andOfItsKindOnly() throws Exception {
    Identity node = IdentityStore.open(directory, RANDOM, PassphraseSource.NONE).node();
    Path export = directory.resolve("export");
    OwnerOnlyFile.write(
        export,
        IdentityStore.export(node, IdentityStore.Kind.NODE, PASSPHRASE.toCharArray(), RANDOM));
    assertThatThrownBy(
            () -> IdentityStore.readExport(export, IdentityStore.Kind.OWNER, saying(PASSPHRASE)))
        .isInstanceOf(SecretsException.class);
    Identity read = IdentityStore.readExport(export, IdentityStore.Kind.NODE, saying(PASSPHRASE));
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    assertThat(IdentityStore.restore(elsewhere, read, RANDOM).node().peerId())
        .isEqualTo(node.peerId());
    assertThat(IdentityStore.open(elsewhere, RANDOM, PassphraseSource.NONE).node().peerId())
        .isEqualTo(node.peerId());
    assertThatThrownBy(() -> IdentityStore.restore(elsewhere, read, RANDOM))
        .isInstanceOf(SecretsException.class)
        .hasMessageContaining("has an identity");
  }

  @Test
  void boxWithAnyByteChanged_doesNotOpen() throws Exception {
    byte[] box = PassphraseBox.seal(new byte[] {1, 2, 3}, PASSPHRASE.toCharArray(), "test", RANDOM);
    assertThat(PassphraseBox.open(box, PASSPHRASE.toCharArray(), "test", "it"))
        .containsExactly(1, 2, 3);
    // One position in each part; every opening costs a passphrase's work.
    for (int at : new int[] {0, 18, 30, 40, 60, box.length - 20, box.length - 1}) {
      byte[] changed = box.clone();
      changed[at] ^= 1;
      assertThatThrownBy(() -> PassphraseBox.open(changed, PASSPHRASE.toCharArray(), "test", "it"))
          .as("byte %d", at)
          .isInstanceOf(SecretsException.class);
    }
    String greedy = new String(box, StandardCharsets.US_ASCII).replace("m=65536", "m=9999999");
    assertThatThrownBy(
            () ->
                PassphraseBox.open(
                    greedy.getBytes(StandardCharsets.US_ASCII),
                    PASSPHRASE.toCharArray(),
                    "test",
                    "it"))
        .hasMessageContaining("more work");
  }
}
