package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.audit.AuditReply;
import dev.waggle.mesh.swarm.audit.AuditRequest;
import dev.waggle.mesh.swarm.audit.AuditServer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Says what the test says, and notes what it was asked and told. */
final class ScriptedAudits implements AuditServer {
  final List<AuditRequest> requests = new CopyOnWriteArrayList<>();
  final List<byte[]> judged = new CopyOnWriteArrayList<>();
  final List<byte[]> forks = new CopyOnWriteArrayList<>();
  volatile AuditReply answer = new AuditReply.Refused();
  volatile Optional<PeerId> accused = Optional.empty();

  @Override
  public AuditReply onRequest(PeerId from, AuditRequest request) {
    requests.add(request);
    return answer;
  }

  @Override
  public Optional<PeerId> newFork(byte[] evidence) {
    judged.add(evidence);
    return accused;
  }

  @Override
  public void onFork(byte[] evidence) {
    forks.add(evidence);
  }
}
