/**
 * Circuit relay v2 (libp2p specs, relay/circuit-v2.md): peers that cannot reach each other meet at
 * one that both can.
 *
 * <p>{@link dev.waggle.mesh.libp2p.protocol.relay.RelayService} lends itself as a relay, {@link
 * dev.waggle.mesh.libp2p.protocol.relay.RelayClient} uses others. What passes through a relay is
 * secured end to end; it sees sizes and times.
 */
@NullMarked
package dev.waggle.mesh.libp2p.protocol.relay;

import org.jspecify.annotations.NullMarked;
