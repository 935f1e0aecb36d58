/** Tells a peer what this host is (libp2p specs, identify/README.md). */
@NullMarked
package dev.waggle.mesh.libp2p.protocol.identify;

import org.jspecify.annotations.NullMarked;
