package dev.waggle.crypto;

import java.time.Instant;

/**
 * What a request between nodes is bound to beside its body, so that it is good for one receiver,
 * one run of its program, one protocol and one time only.
 *
 * @param protocol the libp2p protocol that carries it
 * @param bootId what the receiver drew at random when it started
 * @param time when it was made, by the sender's clock, to the millisecond
 * @param nonce random, 16 bytes
 */
public record RequestHeader(
    String protocol, PeerId sender, PeerId recipient, byte[] bootId, Instant time, byte[] nonce) {
  /** Length of a nonce in bytes. */
  public static final int NONCE_BYTES = 16;

  /** Length of a boot id in bytes. */
  public static final int BOOT_ID_BYTES = 16;

  private static final String DOMAIN = "waggle-request-1";

  /**
   * Signs the request with that body.
   *
   * @throws IllegalArgumentException if the header names another sender
   */
  public byte[] sign(Identity identity, byte[] body) {
    if (!identity.peerId().equals(sender)) {
      throw new IllegalArgumentException("the header names another sender");
    }
    return identity.sign(signed(body));
  }

  /** Whether the sender signed the request with that body, as it was received. */
  public boolean verify(byte[] body, byte[] signature) {
    return sender.verify(signed(body), signature);
  }

  private byte[] signed(byte[] body) {
    return new Canonical(DOMAIN)
        .text(protocol)
        .bytes(sender.multihash())
        .bytes(recipient.multihash())
        .bytes(bootId)
        .time(time)
        .bytes(nonce)
        .bytes(Sha256.of(body))
        .toByteArray();
  }
}
