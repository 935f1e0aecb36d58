package dev.waggle.mesh.libp2p.record;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.pb.PeerRecordBody;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a peer says it is, signed by itself (libp2p RFC 0003, with the domain and payload type that
 * libp2p hosts use).
 *
 * @param sequence a record with a higher one replaces this
 * @param addresses at most {@value #ADDRESSES_MAX}, without its peer id
 */
public record PeerRecord(PeerId peer, long sequence, List<Multiaddr> addresses) {
  /** The most addresses that are read; more are left out. */
  public static final int ADDRESSES_MAX = 64;

  static final String DOMAIN = "libp2p-peer-record";
  private static final byte[] PAYLOAD_TYPE = {0x03, 0x01};

  public PeerRecord {
    addresses = List.copyOf(addresses);
    if (addresses.size() > ADDRESSES_MAX) {
      throw new IllegalArgumentException("at most " + ADDRESSES_MAX + " addresses");
    }
  }

  /** The record in an envelope that the peer's identity signs. */
  public byte[] seal(Identity identity) {
    PeerRecordBody.Builder body =
        PeerRecordBody.newBuilder()
            .setPeerId(ByteString.copyFrom(peer.multihash()))
            .setSeq(sequence);
    for (Multiaddr address : addresses) {
      body.addAddresses(
          PeerRecordBody.AddressInfo.newBuilder()
              .setMultiaddr(ByteString.copyFrom(address.bytes())));
    }
    return SignedEnvelope.seal(identity, DOMAIN, PAYLOAD_TYPE, body.build().toByteArray());
  }

  /**
   * Reads a sealed record; addresses of unknown kinds are left out.
   *
   * @throws MalformedFrameException if the envelope is bad or is not of the peer that it is about
   */
  public static PeerRecord open(byte[] sealed) throws MalformedFrameException {
    SignedEnvelope envelope = SignedEnvelope.open(sealed, DOMAIN, PAYLOAD_TYPE);
    try {
      PeerRecordBody body = PeerRecordBody.parseFrom(envelope.payload());
      PeerId peer = PeerId.ofMultihash(body.getPeerId().toByteArray());
      if (!peer.equals(envelope.signer())) {
        throw new MalformedFrameException("a peer record is signed by another peer");
      }
      List<Multiaddr> addresses = new ArrayList<>();
      for (PeerRecordBody.AddressInfo each : body.getAddressesList()) {
        if (addresses.size() < ADDRESSES_MAX) {
          Multiaddr.read(each.getMultiaddr().toByteArray()).ifPresent(addresses::add);
        }
      }
      return new PeerRecord(
          peer, body.getSeq(), addresses.stream().map(Multiaddr::withoutPeerId).toList());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a peer record cannot be read");
    }
  }
}
