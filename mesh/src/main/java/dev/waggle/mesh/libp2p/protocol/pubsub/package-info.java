/** Publishes messages to whoever subscribed (libp2p specs, pubsub/README.md). */
@NullMarked
package dev.waggle.mesh.libp2p.protocol.pubsub;

import org.jspecify.annotations.NullMarked;
