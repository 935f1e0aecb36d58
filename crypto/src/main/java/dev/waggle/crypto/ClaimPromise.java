package dev.waggle.crypto;

import java.time.Instant;
import java.util.Arrays;

/**
 * A worker's signed word for one claim of one requester: the key that the claim has, and what will
 * run the task.
 *
 * @param swarm the swarm's id, 32 bytes
 * @param publicKey the claim key's public half, 32 bytes
 * @param model the name of the model that will run
 * @param modelDigest its content, as the worker's engine says it
 * @param signature the worker's Ed25519 signature over everything else
 */
public record ClaimPromise(
    byte[] swarm,
    String task,
    String claim,
    PeerId worker,
    PeerId requester,
    Instant expiry,
    byte[] publicKey,
    String model,
    String modelDigest,
    byte[] signature) {
  private static final String DOMAIN = "waggle-claim-promise-1";

  /** Makes the promise of the given worker. */
  public static ClaimPromise sign(
      Identity worker,
      byte[] swarm,
      String task,
      String claim,
      PeerId requester,
      Instant expiry,
      byte[] publicKey,
      String model,
      String modelDigest) {
    ClaimPromise unsigned =
        new ClaimPromise(
            swarm,
            task,
            claim,
            worker.peerId(),
            requester,
            expiry,
            publicKey,
            model,
            modelDigest,
            new byte[0]);
    return unsigned.withSignature(worker.sign(unsigned.signed()));
  }

  private ClaimPromise withSignature(byte[] made) {
    return new ClaimPromise(
        swarm, task, claim, worker, requester, expiry, publicKey, model, modelDigest, made);
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
    if (!isSigned()) {
      throw new EnvelopeException("the claim is not signed by its worker");
    }
  }

  /** Whether the worker that it names signed it, valid still or not. */
  public boolean isSigned() {
    return worker.verify(signed(), signature);
  }

  private byte[] signed() {
    return new Canonical(DOMAIN)
        .bytes(swarm)
        .text(task)
        .text(claim)
        .bytes(worker.multihash())
        .bytes(requester.multihash())
        .time(expiry)
        .bytes(publicKey)
        .text(model)
        .text(modelDigest)
        .toByteArray();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ClaimPromise promise
        && Arrays.equals(signature, promise.signature)
        && worker.equals(promise.worker);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(signature);
  }
}
