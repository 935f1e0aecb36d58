package dev.waggle.mesh.swarm;

import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.swarm.exchange.Exchange;
import dev.waggle.mesh.swarm.exchange.LocalExchange;
import dev.waggle.mesh.swarm.exchange.RoutingExchange;
import dev.waggle.mesh.swarm.exchange.StreamExchange;
import dev.waggle.mesh.swarm.membership.Admissions;
import dev.waggle.mesh.swarm.request.Requests;

/** Tasks of all nodes: members' over streams, where they may, and this node's own directly. */
final class SwarmExchange {
  private SwarmExchange() {}

  /** Serves members' tasks on a host, and gives what this node's are offered over. */
  static Exchange serve(
      Host host, SwarmParts parts, Requests requests, Admissions admissions, LabelCheck labels) {
    StreamExchange streams =
        new StreamExchange(
            parts.identity(),
            requests,
            () -> parts.membership().swarm().bytes(),
            admissions,
            parts.conduct(),
            parts.timer(),
            parts.clock());
    streams.serve(
        host,
        new PermittedServer(
            parts.server(),
            parts.membership(),
            admissions,
            labels,
            parts.conduct(),
            parts.clock()));
    return new RoutingExchange(
        host.peerId(), new LocalExchange(host.peerId(), parts.server()), streams);
  }
}
