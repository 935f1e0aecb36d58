package dev.waggle.mesh.swarm.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.control.ControlMessage;
import dev.waggle.mesh.swarm.control.ControlMessage.Body;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.mesh.swarm.pb.Control;
import dev.waggle.mesh.swarm.pb.Suspicion;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** The bytes of a control message. Decoding refuses what its records refuse. */
public final class ControlCodec {
  private ControlCodec() {}

  /** The bytes of a message. */
  public static byte[] encode(ControlMessage message) {
    Control.Builder control =
        Control.newBuilder()
            .setSequence(message.sequence())
            .setIssuedMs(message.issued().toEpochMilli())
            .setTtlMs((int) message.timeToLive().toMillis())
            .setChain(message.chain().toProtobuf());
    if (message.body() instanceof Body.Suspicion suspicion) {
      control.setSuspicion(
          Suspicion.newBuilder()
              .setPeer(ByteString.copyFrom(suspicion.peer().multihash()))
              .setSequence(suspicion.sequence()));
    } else if (message.body() instanceof Body.Revoked revoked) {
      control.setRevocation(revoked.revocation().toProtobuf());
    } else if (message.body() instanceof Body.Forked forked) {
      control.setFork(ByteString.copyFrom(forked.evidence()));
    } else if (message.body() instanceof Body.Certified certified) {
      control.setCertified(certified.chain().toProtobuf());
    }
    return control.build().toByteArray();
  }

  /**
   * Reads a message; empty when it is of a kind that a later version invented. Nothing is verified
   * by that.
   */
  public static Optional<ControlMessage> decode(byte[] bytes) throws MalformedFrameException {
    if (bytes.length > ControlMessage.BYTES_MAX) {
      throw new MalformedFrameException("a control message is too long");
    }
    try {
      Control control = Control.parseFrom(bytes);
      Body body;
      if (control.hasSuspicion()) {
        Suspicion suspicion = control.getSuspicion();
        body =
            new Body.Suspicion(
                PeerId.ofMultihash(suspicion.getPeer().toByteArray()), suspicion.getSequence());
      } else if (control.hasRevocation()) {
        body = new Body.Revoked(Revocation.of(control.getRevocation()));
      } else if (control.hasFork()) {
        body = new Body.Forked(control.getFork().toByteArray());
      } else if (control.hasCertified()) {
        body = new Body.Certified(CertificateChain.of(control.getCertified()));
      } else {
        return Optional.empty();
      }
      return Optional.of(
          new ControlMessage(
              control.getSequence(),
              Instant.ofEpochMilli(control.getIssuedMs()),
              Duration.ofMillis(Integer.toUnsignedLong(control.getTtlMs())),
              CertificateChain.of(control.getChain()),
              body));
    } catch (InvalidProtocolBufferException | MembershipException | IllegalArgumentException e) {
      throw new MalformedFrameException("a control message cannot be read");
    }
  }
}
