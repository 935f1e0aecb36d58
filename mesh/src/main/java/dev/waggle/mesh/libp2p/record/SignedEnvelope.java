package dev.waggle.mesh.libp2p.record;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Varint;
import dev.waggle.mesh.libp2p.pb.Envelope;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A payload with its kind and its maker's signature (libp2p RFC 0002).
 *
 * @param signer whose signature it has
 */
public record SignedEnvelope(PeerId signer, byte[] payload) {
  /** The longest envelope, in bytes. */
  public static final int BYTES_MAX = 32 << 10;

  /**
   * Signs a payload.
   *
   * @param domain what the signature is for, so that it means nothing elsewhere
   * @param payloadType what the payload is
   */
  public static byte[] seal(Identity identity, String domain, byte[] payloadType, byte[] payload) {
    return Envelope.newBuilder()
        .setPublicKey(ByteString.copyFrom(identity.peerId().publicKeyProtobuf()))
        .setPayloadType(ByteString.copyFrom(payloadType))
        .setPayload(ByteString.copyFrom(payload))
        .setSignature(ByteString.copyFrom(identity.sign(signedBytes(domain, payloadType, payload))))
        .build()
        .toByteArray();
  }

  /**
   * Reads an envelope of that domain and kind and checks its signature.
   *
   * @throws MalformedFrameException if anything about it is wrong
   */
  public static SignedEnvelope open(byte[] bytes, String domain, byte[] payloadType)
      throws MalformedFrameException {
    if (bytes.length > BYTES_MAX) {
      throw new MalformedFrameException("a signed envelope is too long");
    }
    try {
      Envelope envelope = Envelope.parseFrom(bytes);
      PeerId signer = PeerId.ofPublicKeyProtobuf(envelope.getPublicKey().toByteArray());
      byte[] payload = envelope.getPayload().toByteArray();
      boolean good =
          Arrays.equals(payloadType, envelope.getPayloadType().toByteArray())
              && signer.verify(
                  signedBytes(domain, payloadType, payload), envelope.getSignature().toByteArray());
      if (!good) {
        throw new MalformedFrameException("a signed envelope does not verify");
      }
      return new SignedEnvelope(signer, payload);
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a signed envelope cannot be read");
    }
  }

  private static byte[] signedBytes(String domain, byte[] payloadType, byte[] payload) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] part :
        new byte[][] {domain.getBytes(StandardCharsets.UTF_8), payloadType, payload}) {
      Varint.write(bytes, part.length);
      bytes.writeBytes(part);
    }
    return bytes.toByteArray();
  }
}
