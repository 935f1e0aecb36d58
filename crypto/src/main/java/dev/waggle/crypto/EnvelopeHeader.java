package dev.waggle.crypto;

import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;

/**
 * What a sealed task says in the clear, bound to it as associated data: everything by which a
 * receiver knows that it is meant for it, for this claim, now.
 *
 * @param swarm the swarm's id, 32 bytes
 * @param task the task's id
 * @param claim the claim's id
 * @param sender who sealed it
 * @param recipient who may open it
 * @param expiry when it stops being valid; milliseconds count
 */
public record EnvelopeHeader(
    byte[] swarm, String task, String claim, PeerId sender, PeerId recipient, Instant expiry) {
  /** The version of the format. Another one is refused, never guessed at. */
  static final int VERSION = 1;

  private static final String DOMAIN = "waggle-envelope-header";

  public EnvelopeHeader {
    swarm = swarm.clone();
    expiry = Instant.ofEpochMilli(expiry.toEpochMilli());
  }

  byte[] canonical() {
    return new Canonical(DOMAIN)
        .number(VERSION)
        .bytes(swarm)
        .text(task)
        .text(claim)
        .bytes(sender.multihash())
        .bytes(recipient.multihash())
        .time(expiry)
        .toByteArray();
  }

  static EnvelopeHeader parse(byte[] canonical) throws EnvelopeException {
    Canonical.Reader reader = new Canonical.Reader(canonical, DOMAIN);
    long version = reader.number();
    if (version != VERSION) {
      throw new EnvelopeException("envelope version " + version + " is not supported");
    }
    EnvelopeHeader header =
        new EnvelopeHeader(
            reader.bytes(),
            reader.text(),
            reader.text(),
            reader.peer(),
            reader.peer(),
            reader.time());
    reader.end();
    return header;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EnvelopeHeader header && Arrays.equals(canonical(), header.canonical());
  }

  @Override
  public int hashCode() {
    return Objects.hash(task, claim, sender, recipient, expiry);
  }
}
