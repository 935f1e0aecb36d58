package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.pb.PubsubControl;
import dev.waggle.mesh.libp2p.pb.PubsubMessage;
import dev.waggle.mesh.libp2p.pb.PubsubRpc;
import java.util.List;

/** {@link Rpc} ↔ bytes (pubsub/README.md "The RPC", gossipsub v1.0 to v1.2 "Protobuf"). */
final class RpcCodec {
  /** The longest RPC, in bytes. */
  static final int BYTES_MAX = 1 << 20;

  /** The longest topic, in characters. */
  static final int TOPIC_MAX = 1_024;

  /** The longest message id, in bytes. */
  static final int ID_BYTES_MAX = 256;

  /** The most subscriptions, grafts, prunes or announcements of one RPC. */
  static final int ENTRIES_MAX = 1_024;

  private static final int PUBLISH_TAG_BYTES = 1;

  private RpcCodec() {}

  /**
   * Reads an RPC.
   *
   * @throws MalformedFrameException if it cannot be read or has too much of something
   */
  static Rpc decode(byte[] bytes) throws MalformedFrameException {
    try {
      PubsubRpc read = PubsubRpc.parseFrom(bytes);
      Rpc rpc = new Rpc();
      requireFew(read.getSubscriptionsCount());
      for (PubsubRpc.SubOpts each : read.getSubscriptionsList()) {
        rpc.subscriptions.add(new Rpc.Subscription(topic(each.getTopicId()), each.getSubscribe()));
      }
      for (ByteString each : read.getPublishList()) {
        rpc.messages.add(message(each));
      }
      if (read.hasControl()) {
        decode(read.getControl(), rpc);
      }
      return rpc;
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("a pubsub message cannot be read");
    }
  }

  private static void decode(PubsubControl control, Rpc rpc) throws MalformedFrameException {
    requireFew(control.getIhaveCount());
    requireFew(control.getGraftCount());
    requireFew(control.getPruneCount());
    for (PubsubControl.IHave each : control.getIhaveList()) {
      requireIds(each.getMessageIdsList());
      rpc.iHaves.add(new Rpc.IHave(topic(each.getTopicId()), each.getMessageIdsList()));
    }
    for (PubsubControl.Ids each : control.getIwantList()) {
      requireIds(each.getMessageIdsList());
      rpc.iWants.addAll(each.getMessageIdsList());
    }
    for (PubsubControl.Graft each : control.getGraftList()) {
      rpc.grafts.add(topic(each.getTopicId()));
    }
    for (PubsubControl.Prune each : control.getPruneList()) {
      rpc.prunes.add(
          new Rpc.Prune(
              topic(each.getTopicId()),
              each.getPeersList().stream()
                  .limit(Meshes.EXCHANGES_TAKEN_MAX)
                  .map(peer -> new Rpc.ExchangedPeer(peer.getPeerId(), peer.getSignedPeerRecord()))
                  .toList(),
              Math.max(0, each.getBackoff())));
    }
    for (PubsubControl.Ids each : control.getIdontwantList()) {
      requireIds(each.getMessageIdsList());
      rpc.iDontWants.addAll(each.getMessageIdsList());
    }
  }

  private static void requireFew(int entries) throws MalformedFrameException {
    if (entries > ENTRIES_MAX) {
      throw new MalformedFrameException("a pubsub message has too many entries");
    }
  }

  private static void requireIds(List<ByteString> ids) throws MalformedFrameException {
    for (ByteString id : ids) {
      if (id.size() > ID_BYTES_MAX) {
        throw new MalformedFrameException("a message id is too long");
      }
    }
  }

  private static String topic(String topic) throws MalformedFrameException {
    if (topic.length() > TOPIC_MAX) {
      throw new MalformedFrameException("a topic is too long");
    }
    return topic;
  }

  /**
   * Reads a published message.
   *
   * @throws MalformedFrameException if it cannot be read or has too much of something
   */
  static Message message(ByteString encoded) throws MalformedFrameException {
    try {
      PubsubMessage read = PubsubMessage.parseFrom(encoded);
      ByteString id = read.getFrom().concat(read.getSeqno());
      requireIds(List.of(id));
      return new Message(id, read.getFrom(), topic(read.getTopic()), read.getData(), encoded);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("a published message cannot be read");
    }
  }

  /** Everything but the published messages. */
  static byte[] encodeControl(Rpc rpc) {
    PubsubRpc.Builder written = PubsubRpc.newBuilder();
    for (Rpc.Subscription each : rpc.subscriptions) {
      written.addSubscriptions(
          PubsubRpc.SubOpts.newBuilder().setSubscribe(each.subscribe()).setTopicId(each.topic()));
    }
    if (rpc.hasControl()) {
      PubsubControl.Builder control = written.getControlBuilder();
      for (Rpc.IHave each : rpc.iHaves) {
        control.addIhave(
            PubsubControl.IHave.newBuilder().setTopicId(each.topic()).addAllMessageIds(each.ids()));
      }
      if (!rpc.iWants.isEmpty()) {
        control.addIwant(PubsubControl.Ids.newBuilder().addAllMessageIds(rpc.iWants));
      }
      for (String topic : rpc.grafts) {
        control.addGraft(PubsubControl.Graft.newBuilder().setTopicId(topic));
      }
      for (Rpc.Prune each : rpc.prunes) {
        control.addPrune(prune(each));
      }
      if (!rpc.iDontWants.isEmpty()) {
        control.addIdontwant(PubsubControl.Ids.newBuilder().addAllMessageIds(rpc.iDontWants));
      }
    }
    return written.build().toByteArray();
  }

  private static PubsubControl.Prune prune(Rpc.Prune prune) {
    PubsubControl.Prune.Builder written =
        PubsubControl.Prune.newBuilder().setTopicId(prune.topic());
    if (prune.backoffSeconds() > 0) {
      written.setBackoff(prune.backoffSeconds());
    }
    for (Rpc.ExchangedPeer each : prune.peers()) {
      PubsubControl.ExchangedPeer.Builder peer =
          PubsubControl.ExchangedPeer.newBuilder().setPeerId(each.peer());
      if (!each.record().isEmpty()) {
        peer.setSignedPeerRecord(each.record());
      }
      written.addPeers(peer);
    }
    return written.build();
  }

  /** The bytes that a published message takes in an RPC. */
  static int publishedBytes(Message message) {
    int size = message.encoded().size();
    return PUBLISH_TAG_BYTES + CodedOutputStream.computeUInt32SizeNoTag(size) + size;
  }

  /** Writes published messages as they came. */
  static void writePublished(List<Message> messages, CodedOutputStream to)
      throws java.io.IOException {
    for (Message message : messages) {
      to.writeBytes(PubsubRpc.PUBLISH_FIELD_NUMBER, message.encoded());
    }
  }

  /** How many bytes an RPC takes on the wire, without its length. */
  static int bytes(Rpc rpc) {
    int bytes = rpc.hasControl() || !rpc.subscriptions.isEmpty() ? encodeControl(rpc).length : 0;
    for (Message message : rpc.messages) {
      bytes += publishedBytes(message);
    }
    return bytes;
  }
}
