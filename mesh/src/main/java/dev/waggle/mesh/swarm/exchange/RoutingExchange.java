package dev.waggle.mesh.swarm.exchange;

import dev.waggle.crypto.PeerId;
import java.util.concurrent.CompletableFuture;

/** The exchange with every node: with this one directly, with the others over the network. */
public final class RoutingExchange implements Exchange {
  private final PeerId self;
  private final Exchange local;
  private final Exchange remote;

  public RoutingExchange(PeerId self, Exchange local, Exchange remote) {
    this.self = self;
    this.local = local;
    this.remote = remote;
  }

  @Override
  public CompletableFuture<OfferOutcome> offer(PeerId worker, Offer offer) {
    return to(worker).offer(worker, offer);
  }

  @Override
  public CompletableFuture<Void> settle(PeerId worker, byte[] receipt) {
    return to(worker).settle(worker, receipt);
  }

  private Exchange to(PeerId worker) {
    return worker.equals(self) ? local : remote;
  }
}
