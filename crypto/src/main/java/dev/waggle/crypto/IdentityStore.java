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
 * associated data); the keyset lies beside them in {@value #KEYSET_FILE}. All have mode 0600. A
 * damaged or unreadable file is an error: nothing is ever replaced by a new identity silently.
 *
 * <p>Not thread-safe.
 */
public final class IdentityStore {
  static final String KEYSET_FILE = "secrets.key";
  static final String NODE_FILE = "identity.secret";
  static final String OWNER_FILE = "owner.secret";

  private static final int FILE_BYTES_MAX = 1 << 12;

  private final Path directory;
  private final Aead aead;
  private final Identity node;

  private IdentityStore(Path directory, Aead aead, Identity node) {
    this.directory = directory;
    this.aead = aead;
    this.node = node;
  }

  /**
   * Opens the secrets of a data directory, making an identity where there are none at all.
   *
   * @throws SecretsException naming the file, the cause and the remedy
   */
  public static IdentityStore open(Path directory, SecureRandom random) throws SecretsException {
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
      Aead aead = keyed ? readKeyset(keysetFile) : createKeyset(keysetFile);
      Identity node;
      if (named) {
        node = readSecret(aead, nodeFile);
      } else {
        // A kill between the two writes of a first start leaves a keyset that protects nothing.
        node = Identity.generate(random);
        writeSecret(aead, nodeFile, node);
      }
      return new IdentityStore(directory, aead, node);
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
  public static IdentityStore openExisting(Path directory) throws SecretsException {
    Path nodeFile = directory.resolve(NODE_FILE);
    if (!Files.exists(nodeFile)) {
      throw new SecretsException(nodeFile + " does not exist (has a node run on this directory?)");
    }
    return open(directory, new SecureRandom());
  }

  /** The node's identity. */
  public Identity node() {
    return node;
  }

  /** The key of the swarm that this node founded, if it is kept here. */
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

  private static Aead createKeyset(Path file) throws GeneralSecurityException, IOException {
    KeysetHandle keyset =
        KeysetHandle.newBuilder()
            .addEntry(
                KeysetHandle.generateEntryFromParameters(PredefinedAeadParameters.AES256_GCM)
                    .withRandomId()
                    .makePrimary())
            .build();
    OwnerOnlyFile.write(
        file,
        TinkProtoKeysetFormat.serializeKeyset(
            keyset, InsecureSecretKeyAccess.get(), RegistryConfiguration.get()));
    return keyset.getPrimitive(RegistryConfiguration.get(), Aead.class);
  }

  private static Aead readKeyset(Path file) throws SecretsException, GeneralSecurityException {
    return TinkProtoKeysetFormat.parseKeyset(
            OwnerOnlyFile.read(file, FILE_BYTES_MAX),
            InsecureSecretKeyAccess.get(),
            RegistryConfiguration.get())
        .getPrimitive(RegistryConfiguration.get(), Aead.class);
  }

  private static Identity readSecret(Aead aead, Path file) throws SecretsException {
    byte[] encrypted = OwnerOnlyFile.read(file, FILE_BYTES_MAX);
    try {
      byte[] seed = aead.decrypt(encrypted, associatedData(file));
      Identity identity = Identity.ofSeed(seed);
      Arrays.fill(seed, (byte) 0);
      return identity;
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new SecretsException(
          file + " is damaged or belongs to another " + KEYSET_FILE + " (restore both)", e);
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
