package dev.waggle.mesh.swarm.exchange;

import dev.waggle.crypto.PeerId;
import java.util.concurrent.CompletableFuture;

/**
 * The worker's side of the exchange: a port, implemented by the worker.
 *
 * <p>Called on event loops: no method may block. For one claim the calls come one after another.
 */
public interface TaskServer {
  /** Answers an offer; an acceptance reserves a slot or a place in the queue. */
  OfferReply onOffer(PeerId requester, Offer offer);

  /** The task of an accepted claim arrived: run it and say everything to the sink. */
  void onAssign(Assignment assignment, ResultSink sink);

  /** How it goes with a claim. */
  Progress progress(ClaimId claim);

  /**
   * The requester gave up: stop the work and free the place. May come before {@link #onAssign}, and
   * after the end, when it means nothing.
   */
  void onCancel(ClaimId claim);

  /**
   * The requester's connection ended, or its lease ran out: the same, unless it may come back for
   * what it wanted kept. Nobody reads the sink any more.
   */
  void onLost(ClaimId claim);

  /**
   * The receipt came back signed by both sides. Completes once it is on disk, and only then is
   * acknowledged; fails when the receipt is not one this worker made for that requester. Receiving
   * the same receipt again completes as before.
   */
  CompletableFuture<Void> onSettle(PeerId requester, byte[] receipt);
}
