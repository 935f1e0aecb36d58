package dev.waggle.mesh.libp2p.protocol.gossipsub;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;

/** Publishes messages to every peer that subscribed, near or far. Thread-safe; nothing blocks. */
public interface PubSub extends AutoCloseable {
  /** The largest message, in bytes. */
  int MESSAGE_BYTES_MAX = 256 << 10;

  /** What to do with a message that arrived. */
  enum Verdict {
    /** Deliver it and pass it on. */
    ACCEPT,
    /** Drop it; nobody is to blame. */
    IGNORE,
    /** Drop it; whoever sent it should have known. */
    REJECT
  }

  /** Decides on messages before they are delivered or passed on. Must not block. */
  @FunctionalInterface
  interface Validator {
    /**
     * Decides on a message.
     *
     * @param from who signed it; the signature is good
     */
    Verdict validate(PeerId from, byte[] data);
  }

  /** Takes messages. Must not block. */
  @FunctionalInterface
  interface Listener {
    /**
     * A valid message arrived.
     *
     * @param from who signed it
     */
    void onMessage(PeerId from, byte[] data);

    /** A neighbour subscribed to the topic: what is published from now on reaches it. */
    default void onSubscriber() {}
  }

  /** Subscribes to a topic: valid messages of others go to the listener. */
  void subscribe(String topic, Validator validator, Listener listener);

  /** Ends a subscription. */
  void unsubscribe(String topic);

  /**
   * Signs a message and sends it to every subscriber that can be reached.
   *
   * @throws IllegalArgumentException if it is larger than {@link #MESSAGE_BYTES_MAX}
   */
  void publish(String topic, byte[] data);

  /** How many neighbours are subscribed to a topic. */
  int subscribers(String topic);

  /** Begins the exchange with a peer. Until then nothing is sent to it or taken from it. */
  void admit(Connection connection);

  /** Ends what it does by itself; nothing is delivered from now on. */
  @Override
  void close();
}
