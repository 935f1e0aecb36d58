package dev.waggle.crypto;

import java.time.Instant;
import java.util.Arrays;

/**
 * A worker's signed word that a claim key is its own, for one claim of one requester.
 *
 * @param swarm the swarm's id, 32 bytes
 * @param publicKey the claim key's public half, 32 bytes
 * @param signature the worker's Ed25519 signature over everything else
 */
public record ClaimKeyStatement(
    byte[] swarm,
    String task,
    String claim,
    PeerId worker,
    PeerId requester,
    Instant expiry,
    byte[] publicKey,
    byte[] signature) {
  private static final String DOMAIN = "waggle-claim-key-1";

  /** Makes the statement of the given worker. */
  public static ClaimKeyStatement sign(
      Identity worker,
      byte[] swarm,
      String task,
      String claim,
      PeerId requester,
      Instant expiry,
      byte[] publicKey) {
    byte[] signed = canonical(swarm, task, claim, worker.peerId(), requester, expiry, publicKey);
    return new ClaimKeyStatement(
        swarm, task, claim, worker.peerId(), requester, expiry, publicKey, worker.sign(signed));
  }

  /**
   * Checks that the worker signed this and that it is still valid.
   *
   * @throws EnvelopeException naming what failed
   */
  public void verify(Instant now) throws EnvelopeException {
    if (publicKey.length != ClaimKey.PUBLIC_KEY_BYTES) {
      throw new EnvelopeException("the claim key has the wrong length");
    }
    if (!now.isBefore(expiry)) {
      throw new EnvelopeException("the claim key has expired");
    }
    byte[] signed = canonical(swarm, task, claim, worker, requester, expiry, publicKey);
    if (!worker.verify(signed, signature)) {
      throw new EnvelopeException("the claim key is not signed by its worker");
    }
  }

  private static byte[] canonical(
      byte[] swarm,
      String task,
      String claim,
      PeerId worker,
      PeerId requester,
      Instant expiry,
      byte[] publicKey) {
    return new Canonical(DOMAIN)
        .bytes(swarm)
        .text(task)
        .text(claim)
        .bytes(worker.multihash())
        .bytes(requester.multihash())
        .time(expiry)
        .bytes(publicKey)
        .toByteArray();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ClaimKeyStatement statement
        && Arrays.equals(signature, statement.signature)
        && worker.equals(statement.worker);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(signature);
  }
}
