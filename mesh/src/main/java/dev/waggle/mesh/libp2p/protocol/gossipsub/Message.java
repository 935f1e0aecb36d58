package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;

/**
 * A published message.
 *
 * @param id its author and sequence number (pubsub/README.md, "Message Identification")
 * @param from its author's peer id; nothing is proved before it was validated
 * @param encoded its bytes as they came, which are what was signed and what is passed on
 */
record Message(ByteString id, ByteString from, String topic, ByteString data, ByteString encoded) {}
