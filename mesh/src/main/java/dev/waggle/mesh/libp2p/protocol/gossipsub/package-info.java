/**
 * Publishes messages to whoever subscribed, near or far (libp2p specs, pubsub/gossipsub v1.0 to
 * v1.2).
 *
 * <p>{@link dev.waggle.mesh.libp2p.protocol.gossipsub.GossipSub} connects a host with the {@code
 * GossipRouter}, a machine that does no I/O and reads no clock: start reading there.
 */
@NullMarked
package dev.waggle.mesh.libp2p.protocol.gossipsub;

import org.jspecify.annotations.NullMarked;
