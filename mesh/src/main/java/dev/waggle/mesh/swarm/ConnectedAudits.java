package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.swarm.audit.AuditMembers;
import dev.waggle.mesh.swarm.audit.AuditProtocol;
import dev.waggle.mesh.swarm.audit.AuditReply;
import dev.waggle.mesh.swarm.audit.AuditRequest;
import dev.waggle.mesh.swarm.control.ControlMessage;
import dev.waggle.mesh.swarm.control.ControlTopic;
import dev.waggle.mesh.swarm.membership.Admissions;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Reaches members on their admitted connections, and all of them by the control topic. */
final class ConnectedAudits implements AuditMembers {
  private final Admissions admissions;
  private final ControlTopic control;

  ConnectedAudits(Admissions admissions, ControlTopic control) {
    this.admissions = admissions;
    this.control = control;
  }

  @Override
  public List<PeerId> connected() {
    return admissions.connections().stream().map(Connection::remotePeer).distinct().toList();
  }

  @Override
  public CompletableFuture<AuditReply> ask(PeerId member, AuditRequest request) {
    return admissions
        .connection(member)
        .map(connection -> AuditProtocol.ask(connection, request))
        .orElseGet(() -> CompletableFuture.failedFuture(new IOException("not connected")));
  }

  @Override
  public void announceFork(byte[] evidence) {
    control.say(new ControlMessage.Body.Forked(evidence));
  }
}
