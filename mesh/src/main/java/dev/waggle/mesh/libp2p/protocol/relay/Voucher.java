package dev.waggle.mesh.libp2p.protocol.relay;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.pb.RelayVoucher;
import dev.waggle.mesh.libp2p.record.SignedEnvelope;
import java.time.Instant;

/** A relay's word that it serves a peer (circuit-v2.md "Reservation Vouchers"). */
record Voucher(PeerId relay, PeerId peer, Instant expiry) {
  private static final String DOMAIN = "libp2p-relay-rsvp";
  private static final byte[] PAYLOAD_TYPE = {0x03, 0x02};

  /** The voucher, signed by the relay. */
  byte[] seal(Identity identity) {
    return SignedEnvelope.seal(
        identity,
        DOMAIN,
        PAYLOAD_TYPE,
        RelayVoucher.newBuilder()
            .setRelay(ByteString.copyFrom(relay.multihash()))
            .setPeer(ByteString.copyFrom(peer.multihash()))
            .setExpiration(expiry.getEpochSecond())
            .build()
            .toByteArray());
  }

  /**
   * Reads a voucher.
   *
   * @throws MalformedFrameException if it is not signed by the relay that it names
   */
  static Voucher open(byte[] sealed) throws MalformedFrameException {
    SignedEnvelope envelope = SignedEnvelope.open(sealed, DOMAIN, PAYLOAD_TYPE);
    try {
      RelayVoucher body = RelayVoucher.parseFrom(envelope.payload());
      PeerId relay = PeerId.ofMultihash(body.getRelay().toByteArray());
      if (!relay.equals(envelope.signer())) {
        throw new MalformedFrameException("a voucher is signed by another peer");
      }
      return new Voucher(
          relay,
          PeerId.ofMultihash(body.getPeer().toByteArray()),
          Instant.ofEpochSecond(Math.min(body.getExpiration(), Integer.MAX_VALUE * 4L)));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a voucher cannot be read");
    }
  }
}
