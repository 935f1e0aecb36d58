/** Measures the round trip to a peer (libp2p specs, ping/ping.md). */
@NullMarked
package dev.waggle.mesh.libp2p.protocol.ping;

import org.jspecify.annotations.NullMarked;
