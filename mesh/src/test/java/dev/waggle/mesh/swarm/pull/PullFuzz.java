package dev.waggle.mesh.swarm.pull;

import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.util.List;

/** Orders of models, and reports of them. */
public final class PullFuzz implements FuzzTarget {
  @Override
  public void run(byte[] input) {
    try {
      PullProtocol.order(PullProtocol.model(input));
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
    try {
      PullProtocol.encode(PullProtocol.report(input));
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        PullProtocol.order("qwen3:8b"),
        PullProtocol.encode(new PullReport.Progress(500, 1_000)).toByteArray(),
        PullProtocol.encode(new PullReport.Done()).toByteArray(),
        PullProtocol.encode(new PullReport.Refused(PullReport.Reason.BUSY)).toByteArray(),
        PullProtocol.encode(new PullReport.Failed("no such model")).toByteArray());
  }
}
