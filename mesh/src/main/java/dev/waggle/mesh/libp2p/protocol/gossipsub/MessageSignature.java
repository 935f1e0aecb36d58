package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.pb.PubsubMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
    byte[] bytes = unsigned.toByteArray();
    byte[] signed =
        ByteBuffer.allocate(DOMAIN.length + bytes.length).put(DOMAIN).put(bytes).array();
    PubsubMessage message =
        unsigned.toBuilder().setSignature(ByteString.copyFrom(identity.sign(signed))).build();
    return new Message(
        message.getFrom().concat(message.getSeqno()),
        message.getFrom(),
        topic,
        message.getData(),
        message.toByteString());
  }

  /** Who signed the message; empty when a part is missing or the signature is bad. */
  static Optional<PeerId> verify(Message message, Authors authors) {
    try {
      PeerId from = authors.of(message.from());
      if (message.id().size() - message.from().size() != Long.BYTES) {
        return Optional.empty();
      }
      ByteString encoded = message.encoded();
      CodedInputStream fields = encoded.newCodedInput();
      ByteString signature = ByteString.EMPTY;
      ByteString key = ByteString.EMPTY;
      // What was signed: the bytes as they came, unknown fields too, without those two fields.
      ByteBuffer signed = ByteBuffer.allocate(DOMAIN.length + encoded.size()).put(DOMAIN);
      while (!fields.isAtEnd()) {
        int start = fields.getTotalBytesRead();
        int tag = fields.readTag();
        switch (WireFormat.getTagFieldNumber(tag)) {
          case PubsubMessage.SIGNATURE_FIELD_NUMBER -> signature = fields.readBytes();
          case PubsubMessage.KEY_FIELD_NUMBER -> key = fields.readBytes();
          default -> {
            fields.skipField(tag);
            encoded.substring(start, fields.getTotalBytesRead()).copyTo(signed);
          }
        }
      }
      boolean keyMatches =
          key.isEmpty() || key.equals(ByteString.copyFrom(from.publicKeyProtobuf()));
      return keyMatches
              && from.verify(
                  Arrays.copyOf(signed.array(), signed.position()), signature.toByteArray())
          ? Optional.of(from)
          : Optional.empty();
    } catch (IllegalArgumentException | IOException e) {
      return Optional.empty();
    }
  }
}
