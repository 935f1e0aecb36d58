package dev.waggle.mesh.libp2p.protocol.pubsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.pb.PubsubMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Signs and verifies published messages (pubsub/README.md, "Message Signing"). */
final class MessageSignature {
  private static final byte[] DOMAIN = "libp2p-pubsub:".getBytes(StandardCharsets.US_ASCII);

  private MessageSignature() {}

  static PubsubMessage sign(Identity identity, PubsubMessage message) {
    return message.toBuilder()
        .setSignature(ByteString.copyFrom(identity.sign(signed(message))))
        .build();
  }

  /** Who signed the message; empty when the signature is missing or bad. */
  static Optional<PeerId> verify(PubsubMessage message) {
    try {
      // An Ed25519 peer id holds its key, so the key field may be left out.
      PeerId from = PeerId.ofMultihash(message.getFrom().toByteArray());
      if (message.hasKey()
          && !message.getKey().equals(ByteString.copyFrom(from.publicKeyProtobuf()))) {
        return Optional.empty();
      }
      return from.verify(signed(message), message.getSignature().toByteArray())
          ? Optional.of(from)
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static byte[] signed(PubsubMessage message) {
    byte[] bytes = message.toBuilder().clearSignature().clearKey().build().toByteArray();
    return ByteBuffer.allocate(DOMAIN.length + bytes.length).put(DOMAIN).put(bytes).array();
  }
}
