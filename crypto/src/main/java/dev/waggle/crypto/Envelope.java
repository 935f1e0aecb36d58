package dev.waggle.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A task sealed to one claim key and signed by its sender, and the keys for the way back.
 *
 * <p>HPKE base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM; the
 * header is the associated data. The sender's Ed25519 signature covers header, encapsulated key and
 * ciphertext. Results come back under a key exported from the same context, never under the
 * receiver's own seal, which would reuse the sender's key and nonces. There is no plaintext form.
 *
 * <p>Bytes: canonical fields {header, enc (32), signature (64)} behind their length, then the
 * ciphertext. The plaintext is padded to {@link SizeBuckets} before it is sealed.
 */
public final class Envelope {
  /** The largest task that can be sealed, in bytes. */
  public static final int PLAINTEXT_BYTES_MAX = 8 << 20;

  /** The largest envelope, in bytes: the largest padded task and what stands around it. */
  public static final int BYTES_MAX = PLAINTEXT_BYTES_MAX + (PLAINTEXT_BYTES_MAX >> 3) + 4_096;

  private static final String DOMAIN = "waggle-envelope";
  private static final String SIGNATURE_DOMAIN = "waggle-envelope-signature-1";
  private static final int RESULT_KEY_BYTES = 32;
  private static final Hpke.Terms TERMS =
      new Hpke.Terms(
          "waggle-task-1".getBytes(StandardCharsets.US_ASCII),
          "waggle-result-1".getBytes(StandardCharsets.US_ASCII),
          RESULT_KEY_BYTES);

  private Envelope() {}

  /** What the sender gets: the bytes to send, and what opens the answer. */
  public record Sealed(byte[] bytes, ResultOpener opener) {}

  /** What the receiver gets: the header, the task, and what seals the answer. */
  public record Opened(EnvelopeHeader header, byte[] plaintext, ResultSealer sealer) {}

  /**
   * Seals a task to a claim key.
   *
   * @throws IllegalArgumentException if the plaintext is larger than {@link #PLAINTEXT_BYTES_MAX}
   * @throws EnvelopeException if the recipient's key is not usable
   */
  public static Sealed seal(
      Identity sender, EnvelopeHeader header, byte[] recipientKey, byte[] plaintext)
      throws EnvelopeException {
    return seal(sender, header, recipientKey, plaintext, null);
  }

  static Sealed seal(
      Identity sender,
      EnvelopeHeader header,
      byte[] recipientKey,
      byte[] plaintext,
      byte @Nullable [] ephemeral)
      throws EnvelopeException {
    if (plaintext.length > PLAINTEXT_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a task has at most " + PLAINTEXT_BYTES_MAX + " bytes, not " + plaintext.length);
    }
    if (!header.sender().equals(sender.peerId())) {
      throw new IllegalArgumentException("the header names another sender");
    }
    byte[] head = header.canonical();
    byte[] padded = SizeBuckets.pad(plaintext);
    try {
      Hpke.Sealed sealed =
          ephemeral == null
              ? Hpke.best().seal(recipientKey, TERMS, head, padded)
              : Hpke.sealFrom(ephemeral, recipientKey, TERMS, head, padded);
      byte[] signature = sender.sign(signed(head, sealed.encapsulation(), sealed.ciphertext()));
      byte[] front =
          new Canonical(DOMAIN)
              .bytes(head)
              .bytes(sealed.encapsulation())
              .bytes(signature)
              .toByteArray();
      byte[] bytes =
          ByteBuffer.allocate(Integer.BYTES + front.length + sealed.ciphertext().length)
              .putInt(front.length)
              .put(front)
              .put(sealed.ciphertext())
              .array();
      return new Sealed(bytes, new ResultOpener(sealed.exported(), head));
    } catch (GeneralSecurityException e) {
      throw new EnvelopeException("the claim key cannot be used");
    }
  }

  /**
   * Opens an envelope.
   *
   * @param expected the header that the claim calls for, its expiry apart
   * @throws EnvelopeException naming what failed: form, header, expiry, signature or seal
   */
  public static Opened open(byte[] bytes, ClaimKey key, EnvelopeHeader expected, Instant now)
      throws EnvelopeException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    if (bytes.length > BYTES_MAX || buffer.remaining() < Integer.BYTES) {
      throw new EnvelopeException("the envelope is too large or cut off");
    }
    int frontLength = buffer.getInt();
    if (frontLength < 0 || frontLength > buffer.remaining()) {
      throw new EnvelopeException("the envelope is cut off");
    }
    byte[] front = new byte[frontLength];
    buffer.get(front);
    byte[] ciphertext = new byte[buffer.remaining()];
    buffer.get(ciphertext);

    Canonical.Reader reader = new Canonical.Reader(front, DOMAIN);
    byte[] head = reader.bytes();
    byte[] enc = reader.bytes();
    byte[] signature = reader.bytes();
    reader.end();
    EnvelopeHeader header = EnvelopeHeader.parse(head);
    check(header, expected, now);
    if (!header.sender().verify(signed(head, enc, ciphertext), signature)) {
      throw new EnvelopeException("the envelope is not signed by its sender");
    }
    try {
      Hpke.Opened opened = Hpke.best().open(key.privateKey(), TERMS, enc, head, ciphertext);
      return new Opened(
          header, SizeBuckets.unpad(opened.plaintext()), new ResultSealer(opened.exported(), head));
    } catch (GeneralSecurityException e) {
      throw new EnvelopeException("the envelope is not sealed to this claim's key");
    }
  }

  /** SHA-256 of an envelope's bytes, by which a receipt names it. */
  public static byte[] hash(byte[] bytes) {
    return Sha256.of(bytes);
  }

  private static void check(EnvelopeHeader header, EnvelopeHeader expected, Instant now)
      throws EnvelopeException {
    if (!MessageDigest.isEqual(header.swarm(), expected.swarm())) {
      throw new EnvelopeException("the envelope is for another swarm");
    }
    if (!header.recipient().equals(expected.recipient())) {
      throw new EnvelopeException("the envelope is for another recipient");
    }
    if (!header.sender().equals(expected.sender())) {
      throw new EnvelopeException("the envelope is from another sender");
    }
    if (!header.task().equals(expected.task()) || !header.claim().equals(expected.claim())) {
      throw new EnvelopeException("the envelope is for another task or claim");
    }
    if (!now.isBefore(header.expiry())) {
      throw new EnvelopeException("the envelope has expired");
    }
  }

  private static byte[] signed(byte[] head, byte[] enc, byte[] ciphertext) {
    return new Canonical(SIGNATURE_DOMAIN)
        .bytes(head)
        .bytes(enc)
        .bytes(Sha256.of(ciphertext))
        .toByteArray();
  }
}
