package dev.waggle.mesh.swarm.audit;

import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.util.List;

/** Questions about records, and the answers. */
public final class AuditFuzz implements FuzzTarget {
  @Override
  public void run(byte[] input) {
    try {
      AuditProtocol.request(input);
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
    try {
      AuditProtocol.reply(input);
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        AuditProtocol.encode(new AuditRequest.Submit("note", 5, List.of(new byte[32])))
            .toByteArray(),
        AuditProtocol.encode(new AuditRequest.At(7)).toByteArray(),
        AuditProtocol.encode(new AuditRequest.Head()).toByteArray(),
        AuditProtocol.encode(new AuditRequest.Range(3, 9)).toByteArray(),
        AuditProtocol.encode(new AuditReply.Entries(List.of(new byte[5]))).toByteArray(),
        AuditProtocol.encode(new AuditReply.Cosigned("note")).toByteArray(),
        AuditProtocol.encode(new AuditReply.Refused()).toByteArray());
  }
}
