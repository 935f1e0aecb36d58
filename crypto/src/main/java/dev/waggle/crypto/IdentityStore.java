package dev.waggle.crypto;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.TinkProtoKeysetFormat;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;

/**
 * The node's secrets in its data directory: its identity, made on first start and kept, and, where
 * the node founded its swarm, the swarm's owner key.
 *
 * <p>Each secret is a file encrypted with a Tink AEAD keyset (AES-256-GCM, the file's name as
 * associated data); the keyset lies beside them in {@value #KEYSET_FILE}, itself sealed under a
 * passphrase where the user has set one. All have mode 0600. A damaged or unreadable file is an
 * error: nothing is ever replaced by a new identity silently.
 *
 * <p>Not thread-safe, but for {@link #owner} and {@link #disk}.
 */
public final class IdentityStore {
  /** The shortest passphrase that is taken for something new, in characters. */
  private static final int PASSPHRASE_CHARACTERS_MIN = 12;

  static final String KEYSET_FILE = "secrets.key";
  static final String NODE_FILE = "identity.secret";
  static final String OWNER_FILE = "owner.secret";

  private static final int FILE_BYTES_MAX = 1 << 13;
  private static final String KEYSET_PURPOSE = "keyset";

  /** What an exported secret is; one of a kind is not taken for another. */
  public enum Kind {
    /** A node's identity. */
    NODE("node-identity"),
    /** A swarm's owner key. */
    OWNER("swarm-owner");

    private final String purpose;

    Kind(String purpose) {
      this.purpose = purpose;
    }
  }

  private final Path directory;
  private final SecureRandom random;
  private final KeysetHandle keyset;
  private final Aead aead;
  private final Identity node;

  private IdentityStore(Path directory, SecureRandom random, KeysetHandle keyset, Identity node)
      throws GeneralSecurityException {
    this.directory = directory;
    this.random = random;
    this.keyset = keyset;
    this.aead = aead(keyset);
    this.node = node;
  }

  /**
   * Opens the secrets of a data directory, making an identity where there are none at all.
   *
   * @param passphrase asked when the keys are locked
   * @throws SecretsException naming the file, the cause and the remedy
   */
  public static IdentityStore open(Path directory, SecureRandom random, PassphraseSource passphrase)
      throws SecretsException {
    return open(directory, random, passphrase, Optional.empty());
  }

  /**
   * Makes the secrets of a node that had this identity elsewhere.
   *
   * @throws SecretsException if the directory has an identity already, or cannot be written
   */
  public static IdentityStore restore(Path directory, Identity identity, SecureRandom random)
      throws SecretsException {
    Path nodeFile = directory.resolve(NODE_FILE);
    if (Files.exists(nodeFile)) {
      throw new SecretsException(
          nodeFile + " exists: this directory has an identity (choose another --data-dir)");
    }
    return open(directory, random, PassphraseSource.NONE, Optional.of(identity));
  }

  private static IdentityStore open(
      Path directory, SecureRandom random, PassphraseSource passphrase, Optional<Identity> fresh)
      throws SecretsException {
    Path keysetFile = directory.resolve(KEYSET_FILE);
    Path nodeFile = directory.resolve(NODE_FILE);
    boolean keyed = Files.exists(keysetFile);
    boolean named = Files.exists(nodeFile);
    if (named && !keyed) {
      throw new SecretsException(
          keysetFile + " is missing, so " + nodeFile + " cannot be opened (restore it)");
    }
    try {
      AeadConfig.register();
      KeysetHandle keyset =
          keyed ? readKeyset(keysetFile, passphrase) : grown(KeysetHandle.newBuilder());
      if (!keyed) {
        OwnerOnlyFile.write(keysetFile, serialized(keyset));
      }
      Identity node;
      if (named) {
        node = readSecret(aead(keyset), nodeFile);
      } else {
        // A kill between the two writes of a first start leaves a keyset that protects nothing.
        node = fresh.orElseGet(() -> Identity.generate(random));
        writeSecret(aead(keyset), nodeFile, node);
      }
      return new IdentityStore(directory, random, keyset, node);
    } catch (GeneralSecurityException e) {
      throw new SecretsException(keysetFile + " is damaged (restore it)", e);
    } catch (IOException e) {
      throw new SecretsException("cannot write keys to " + directory + ": " + e, e);
    }
  }

  /**
   * Opens the secrets that a node left in a data directory.
   *
   * @throws SecretsException if there are none, or as for {@link #open}
   */
  public static IdentityStore openExisting(Path directory, PassphraseSource passphrase)
      throws SecretsException {
    Path nodeFile = directory.resolve(NODE_FILE);
    if (!Files.exists(nodeFile)) {
      throw new SecretsException(nodeFile + " does not exist (has a node run on this directory?)");
    }
    return open(directory, new SecureRandom(), passphrase);
  }

  /** The node's identity. */
  public Identity node() {
    return node;
  }

  /** Seals other things that are kept beside the secrets, with the key that these have now. */
  public DiskSeal disk() {
    return new DiskSeal(aead);
  }

  /** The key of a swarm, if one is kept here. */
  public Optional<Identity> owner() throws SecretsException {
    Path file = directory.resolve(OWNER_FILE);
    return Files.exists(file) ? Optional.of(readSecret(aead, file)) : Optional.empty();
  }

  /** Keeps the key of a swarm, in the place of any other. */
  public void keepOwner(Identity owner) throws SecretsException {
    Path file = directory.resolve(OWNER_FILE);
    try {
      writeSecret(aead, file, owner);
    } catch (IOException | GeneralSecurityException e) {
      throw new SecretsException("cannot write " + file + ": " + e, e);
    }
  }

  /** Forgets the owner key, as a node does that joins another's swarm. */
  public void deleteOwner() throws SecretsException {
    Path file = directory.resolve(OWNER_FILE);
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new SecretsException("cannot delete " + file + ": " + e, e);
    }
  }

  // ---- the passphrase, and the keyset under it

  /** Whether a passphrase is needed to open the secrets of a directory. */
  public static boolean isLocked(Path directory) throws SecretsException {
    return PassphraseBox.isOne(OwnerOnlyFile.read(directory.resolve(KEYSET_FILE), FILE_BYTES_MAX));
  }

  /**
   * Sets the passphrase, or another one.
   *
   * @throws SecretsException if it is too short, or the file cannot be written
   */
  public void lock(char[] passphrase) throws SecretsException {
    requireStrong(passphrase);
    writeKeyset(PassphraseBox.seal(serialized(keyset), passphrase, KEYSET_PURPOSE, random));
  }

  /** Does without a passphrase: the file's mode alone protects the keys then. */
  public void unlock() throws SecretsException {
    writeKeyset(serialized(keyset));
  }

  /**
   * Encrypts all secrets with a new key. The one before it stays in the keyset until the next time,
   * so that a backup of a secret can still be opened; older ones go.
   *
   * @param passphrase asked when the keys are locked
   */
  public void rotate(PassphraseSource passphrase) throws SecretsException {
    boolean locked = isLocked(directory);
    try {
      KeysetHandle.Builder builder = KeysetHandle.newBuilder();
      KeysetHandle.Entry current = keyset.getPrimary();
      builder.addEntry(KeysetHandle.importKey(current.getKey()).withFixedId(current.getId()));
      KeysetHandle newer = grown(builder);
      byte[] bytes = serialized(newer);
      Optional<Identity> owner = owner();
      writeKeyset(
          locked ? PassphraseBox.seal(bytes, passphrase.ask(), KEYSET_PURPOSE, random) : bytes);
      writeSecret(aead(newer), directory.resolve(NODE_FILE), node);
      if (owner.isPresent()) {
        writeSecret(aead(newer), directory.resolve(OWNER_FILE), owner.get());
      }
    } catch (GeneralSecurityException | IOException e) {
      throw new SecretsException("cannot rotate the keys of " + directory + ": " + e, e);
    }
  }

  private void writeKeyset(byte[] bytes) throws SecretsException {
    Path file = directory.resolve(KEYSET_FILE);
    try {
      OwnerOnlyFile.write(file, bytes);
    } catch (IOException e) {
      throw new SecretsException("cannot write " + file + ": " + e, e);
    }
  }

  // ---- export

  /**
   * A secret for a file that leaves this machine.
   *
   * @throws SecretsException if the passphrase is too short
   */
  public static byte[] export(Identity secret, Kind kind, char[] passphrase, SecureRandom random)
      throws SecretsException {
    requireStrong(passphrase);
    return PassphraseBox.seal(secret.seed(), passphrase, kind.purpose, random);
  }

  /**
   * Reads what {@link #export} made.
   *
   * @throws SecretsException if it is damaged, of another kind, or the passphrase is another
   */
  public static Identity readExport(Path file, Kind kind, PassphraseSource passphrase)
      throws SecretsException {
    byte[] box = OwnerOnlyFile.read(file, FILE_BYTES_MAX);
    return identity(PassphraseBox.open(box, passphrase.ask(), kind.purpose, file.toString()), file);
  }

  private static void requireStrong(char[] passphrase) throws SecretsException {
    if (passphrase.length < PASSPHRASE_CHARACTERS_MIN) {
      throw new SecretsException(
          "a passphrase has at least " + PASSPHRASE_CHARACTERS_MIN + " characters (a few words)");
    }
  }

  private static KeysetHandle grown(KeysetHandle.Builder builder) throws GeneralSecurityException {
    return builder
        .addEntry(
            KeysetHandle.generateEntryFromParameters(PredefinedAeadParameters.AES256_GCM)
                .withRandomId()
                .makePrimary())
        .build();
  }

  private static Aead aead(KeysetHandle keyset) throws GeneralSecurityException {
    return keyset.getPrimitive(RegistryConfiguration.get(), Aead.class);
  }

  private static byte[] serialized(KeysetHandle keyset) {
    try {
      return TinkProtoKeysetFormat.serializeKeyset(
          keyset, InsecureSecretKeyAccess.get(), RegistryConfiguration.get());
    } catch (GeneralSecurityException e) {
      throw new AssertionError("a keyset of AES-GCM keys can be written", e);
    }
  }

  private static KeysetHandle readKeyset(Path file, PassphraseSource passphrase)
      throws SecretsException, GeneralSecurityException {
    byte[] bytes = OwnerOnlyFile.read(file, FILE_BYTES_MAX);
    if (PassphraseBox.isOne(bytes)) {
      bytes = PassphraseBox.open(bytes, passphrase.ask(), KEYSET_PURPOSE, file.toString());
    }
    return TinkProtoKeysetFormat.parseKeyset(
        bytes, InsecureSecretKeyAccess.get(), RegistryConfiguration.get());
  }

  private static Identity readSecret(Aead aead, Path file) throws SecretsException {
    byte[] encrypted = OwnerOnlyFile.read(file, FILE_BYTES_MAX);
    try {
      return identity(aead.decrypt(encrypted, associatedData(file)), file);
    } catch (GeneralSecurityException e) {
      throw new SecretsException(
          file + " is damaged or belongs to another " + KEYSET_FILE + " (restore both)", e);
    }
  }

  private static Identity identity(byte[] seed, Path file) throws SecretsException {
    try {
      return Identity.ofSeed(seed);
    } catch (IllegalArgumentException e) {
      throw new SecretsException(file + " is damaged (restore it)", e);
    } finally {
      Arrays.fill(seed, (byte) 0);
    }
  }

  private static void writeSecret(Aead aead, Path file, Identity identity)
      throws GeneralSecurityException, IOException {
    OwnerOnlyFile.write(file, aead.encrypt(identity.seed(), associatedData(file)));
  }

  private static byte[] associatedData(Path file) {
    return file.getFileName().toString().getBytes(StandardCharsets.UTF_8);
  }
}
