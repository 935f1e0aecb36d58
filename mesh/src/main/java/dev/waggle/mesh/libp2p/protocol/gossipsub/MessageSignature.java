package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.pb.PubsubMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Signs and verifies published messages, the StrictSign policy (pubsub/README.md). */
final class MessageSignature {
  private static final byte[] DOMAIN = "libp2p-pubsub:".getBytes(StandardCharsets.US_ASCII);

  private MessageSignature() {}

  /** A message of this node, signed. */
  static Message sign(Identity identity, String topic, long sequence, byte[] data) {
    // An Ed25519 peer id holds its key, so the key field is left out.
    PubsubMessage unsigned =
        PubsubMessage.newBuilder()
            .setFrom(ByteString.copyFrom(identity.peerId().multihash()))
            .setData(ByteString.copyFrom(data))
            .setSeqno(
                ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(sequence).array()))
            .setTopic(topic)
            .build();
    PubsubMessage signed =
        unsigned.toBuilder()
            .setSignature(ByteString.copyFrom(identity.sign(signedBytes(unsigned))))
            .build();
    return new Message(
        signed.getFrom().concat(signed.getSeqno()),
        signed.getFrom(),
        topic,
        signed.getData(),
        signed.toByteString());
  }

  /** Who signed the message; empty when a part is missing or the signature is bad. */
  static Optional<PeerId> verify(Message message) {
    try {
      PubsubMessage read = PubsubMessage.parseFrom(message.encoded());
      PeerId from = PeerId.ofMultihash(read.getFrom().toByteArray());
      boolean keyMatches =
          !read.hasKey() || read.getKey().equals(ByteString.copyFrom(from.publicKeyProtobuf()));
      return keyMatches
              && read.getSeqno().size() == Long.BYTES
              && from.verify(signedBytes(read), read.getSignature().toByteArray())
          ? Optional.of(from)
          : Optional.empty();
    } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }

  private static byte[] signedBytes(PubsubMessage message) {
    byte[] bytes = message.toBuilder().clearSignature().clearKey().build().toByteArray();
    return ByteBuffer.allocate(DOMAIN.length + bytes.length).put(DOMAIN).put(bytes).array();
  }
}
