package dev.waggle.mesh.fuzz;

import dev.waggle.mesh.libp2p.FrameAssemblerFuzz;
import dev.waggle.mesh.libp2p.multiformat.MultiaddrFuzz;
import dev.waggle.mesh.libp2p.muxer.yamux.YamuxFuzz;
import dev.waggle.mesh.libp2p.negotiation.NegotiationFuzz;
import dev.waggle.mesh.libp2p.protocol.gossipsub.RpcFuzz;
import dev.waggle.mesh.libp2p.protocol.identify.IdentifyFuzz;
import dev.waggle.mesh.libp2p.protocol.mdns.TxtStringsFuzz;
import dev.waggle.mesh.libp2p.protocol.relay.RelayFuzz;
import dev.waggle.mesh.libp2p.record.PeerRecordFuzz;
import dev.waggle.mesh.libp2p.security.noise.NoiseDecoderFuzz;
import dev.waggle.mesh.libp2p.security.noise.NoiseHandshakeFuzz;
import dev.waggle.mesh.swarm.audit.AuditFuzz;
import dev.waggle.mesh.swarm.blob.BlobFuzz;
import dev.waggle.mesh.swarm.job.JobFuzz;
import dev.waggle.mesh.swarm.membership.InviteFuzz;
import dev.waggle.mesh.swarm.membership.RevocationFuzz;
import dev.waggle.mesh.swarm.pull.PullFuzz;
import dev.waggle.mesh.swarm.snapshot.ArchiveFuzz;
import dev.waggle.mesh.swarm.wire.AdvertFuzz;
import dev.waggle.mesh.swarm.wire.ControlFuzz;
import dev.waggle.mesh.swarm.wire.ExchangeFuzz;
import java.util.List;
import java.util.Optional;

/** The targets. */
final class FuzzTargets {
  /** All of them. */
  static final List<FuzzTarget> ALL =
      List.of(
          new MultiaddrFuzz(),
          new FrameAssemblerFuzz(),
          new NegotiationFuzz(),
          new NoiseHandshakeFuzz(),
          new NoiseDecoderFuzz(),
          new YamuxFuzz(),
          new IdentifyFuzz(),
          new RpcFuzz(),
          new PeerRecordFuzz(),
          new RelayFuzz(),
          new TxtStringsFuzz(),
          new InviteFuzz(),
          new RevocationFuzz(),
          new AdvertFuzz(),
          new ControlFuzz(),
          new ExchangeFuzz(),
          new AuditFuzz(),
          new BlobFuzz(),
          new ArchiveFuzz(),
          new PullFuzz(),
          new JobFuzz());

  private FuzzTargets() {}

  static Optional<FuzzTarget> find(String name) {
    return ALL.stream().filter(each -> each.name().equals(name)).findFirst();
  }
}
