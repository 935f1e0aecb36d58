package dev.waggle.crypto;

import java.util.Arrays;
import java.util.Locale;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.jspecify.annotations.Nullable;

/**
 * The name of a node everywhere: the identity multihash of its Ed25519 public key, so nobody can
 * take it over without the key.
 *
 * <p>Text form is base58btc ({@code 12D3KooW...}); the CIDv1 form ({@code bafz...}) is read too.
 * Peers with other key types exist in libp2p; this system does not admit them. Immutable.
 *
 * <p>Source: libp2p specs, peer-ids/peer-ids.md.
 */
public final class PeerId implements Comparable<PeerId> {
  /** Length of an Ed25519 public key in bytes. */
  public static final int PUBLIC_KEY_BYTES = 32;

  /** Length of the multihash form in bytes. */
  public static final int BYTES = 38;

  // identity multihash (0x00), length 36, then PublicKey{Type=Ed25519, Data=32 bytes} as protobuf.
  private static final byte[] PREFIX = {0x00, 0x24, 0x08, 0x01, 0x12, 0x20};
  // CIDv1 (0x01), libp2p-key (0x72).
  private static final byte[] CID_PREFIX = {0x01, 0x72};
  private static final int TEXT_CHARACTERS_MAX = 128;

  private final byte[] multihash;
  private final int hash;

  /** The key as a point; made when first asked for, and a tenth of every check. */
  private volatile Ed25519.@Nullable PublicPoint point;

  /** Made when first asked for: most names are compared and never shown. */
  private volatile @Nullable String text;

  private PeerId(byte[] multihash) {
    this.multihash = multihash;
    this.hash = Arrays.hashCode(multihash);
  }

  /** The peer id of a raw 32-byte Ed25519 public key. */
  public static PeerId ofPublicKey(byte[] publicKey) {
    if (publicKey.length != PUBLIC_KEY_BYTES) {
      throw new IllegalArgumentException(
          "an Ed25519 public key has 32 bytes, not " + publicKey.length);
    }
    byte[] multihash = Arrays.copyOf(PREFIX, BYTES);
    System.arraycopy(publicKey, 0, multihash, PREFIX.length, PUBLIC_KEY_BYTES);
    return new PeerId(multihash);
  }

  /**
   * Reads the multihash form.
   *
   * @throws IllegalArgumentException if it is not the identity multihash of an Ed25519 key
   */
  public static PeerId ofMultihash(byte[] multihash) {
    if (multihash.length != BYTES
        || !Arrays.equals(PREFIX, 0, PREFIX.length, multihash, 0, PREFIX.length)) {
      throw new IllegalArgumentException("not the peer id of an Ed25519 key");
    }
    return new PeerId(multihash.clone());
  }

  /**
   * The peer id of a libp2p {@code PublicKey} protobuf.
   *
   * @throws IllegalArgumentException if that is no Ed25519 key
   */
  public static PeerId ofPublicKeyProtobuf(byte[] publicKey) {
    byte[] multihash = new byte[publicKey.length + 2];
    multihash[1] = (byte) publicKey.length;
    System.arraycopy(publicKey, 0, multihash, 2, publicKey.length);
    return ofMultihash(multihash);
  }

  /**
   * Reads either text form.
   *
   * @throws IllegalArgumentException naming what is wrong with the text
   */
  public static PeerId parse(String text) {
    if (text.startsWith("b") && text.length() > 1) {
      byte[] cid = Base32.decode(text.substring(1).toLowerCase(Locale.ROOT), TEXT_CHARACTERS_MAX);
      if (cid.length < 2 || !Arrays.equals(CID_PREFIX, Arrays.copyOf(cid, 2))) {
        throw new IllegalArgumentException("not a libp2p-key CID: " + printable(text));
      }
      return ofMultihash(Arrays.copyOfRange(cid, 2, cid.length));
    }
    return ofMultihash(Base58.decode(text, TEXT_CHARACTERS_MAX));
  }

  private static String printable(String text) {
    return text.replaceAll("[^\\x21-\\x7e]", "?");
  }

  /** The multihash form, a fresh copy of {@value #BYTES} bytes. */
  public byte[] multihash() {
    return multihash.clone();
  }

  /** The raw Ed25519 public key, a fresh copy of 32 bytes. */
  public byte[] publicKey() {
    return Arrays.copyOfRange(multihash, PREFIX.length, BYTES);
  }

  /** The key as the libp2p {@code PublicKey} protobuf, a fresh copy of 36 bytes. */
  public byte[] publicKeyProtobuf() {
    return Arrays.copyOfRange(multihash, 2, BYTES);
  }

  /** Whether this peer made the 64-byte signature over the message (RFC 8032, pure Ed25519). */
  public boolean verify(byte[] message, byte[] signature) {
    Ed25519.PublicPoint key = point;
    if (key == null) {
      key = Ed25519.validatePublicKeyPartialExport(multihash, PREFIX.length);
      point = key;
    }
    return key != null
        && signature.length == Ed25519.SIGNATURE_SIZE
        && Ed25519.verify(signature, 0, key, message, 0, message.length);
  }

  /** The last eight characters, for people and logs; not unique. */
  public String abbreviated() {
    String all = toString();
    return all.substring(all.length() - 8);
  }

  @Override
  public int compareTo(PeerId other) {
    return Arrays.compareUnsigned(multihash, other.multihash);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PeerId peer && Arrays.equals(multihash, peer.multihash);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    String known = text;
    if (known == null) {
      known = Base58.encode(multihash);
      text = known;
    }
    return known;
  }
}
