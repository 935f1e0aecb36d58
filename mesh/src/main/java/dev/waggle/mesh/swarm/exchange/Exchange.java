package dev.waggle.mesh.swarm.exchange;

import dev.waggle.crypto.PeerId;
import java.util.concurrent.CompletableFuture;

/**
 * The requester's side of the exchange: offers tasks to workers and settles with them.
 *
 * <p>Everything of a task but its {@link Offer} is sealed to the claim's own key before it leaves;
 * there is no other path. Thread-safe; nothing blocks.
 */
public interface Exchange {
  /**
   * Offers a task to a worker.
   *
   * <p>Fails with an {@link java.io.IOException} when the worker cannot be reached or does not
   * answer within {@link #OFFER_TIMEOUT}. Cancelling the future, or the claim, withdraws the offer.
   */
  CompletableFuture<OfferOutcome> offer(PeerId worker, Offer offer);

  /**
   * Delivers a receipt signed by both sides; completes when the worker has it on disk. Fails with
   * an {@link java.io.IOException} when it should be tried again later.
   */
  CompletableFuture<Void> settle(PeerId worker, byte[] receipt);

  /** How long a worker has to answer an offer. */
  java.time.Duration OFFER_TIMEOUT = java.time.Duration.ofSeconds(5);
}
