/** Agrees on a protocol: multistream-select 1.0.0 (libp2p specs, connections/README.md). */
@NullMarked
package dev.waggle.mesh.libp2p.negotiation;

import org.jspecify.annotations.NullMarked;
