package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.Base32;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.Sha256;
import java.util.Arrays;

/** The name of a swarm: SHA-256 of its owner's public key, so it cannot be taken over. */
public final class SwarmId {
  /** Its length in bytes. */
  public static final int BYTES = 32;

  private final byte[] hash;

  private SwarmId(byte[] hash) {
    this.hash = hash;
  }

  /** The swarm that the key owns. */
  public static SwarmId ofOwner(PeerId owner) {
    return new SwarmId(Sha256.of(owner.publicKey()));
  }

  /**
   * Reads the binary form.
   *
   * @throws IllegalArgumentException if it does not have {@value #BYTES} bytes
   */
  public static SwarmId ofBytes(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("a swarm id has " + BYTES + " bytes");
    }
    return new SwarmId(bytes.clone());
  }

  /** The binary form, a fresh copy. */
  public byte[] bytes() {
    return hash.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SwarmId swarm && Arrays.equals(hash, swarm.hash);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash);
  }

  /** 52 characters of lower-case base32. */
  @Override
  public String toString() {
    return Base32.encode(hash);
  }
}
