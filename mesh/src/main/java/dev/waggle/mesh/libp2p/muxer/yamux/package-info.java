/** The Yamux muxer (libp2p specs, yamux/README.md). */
@NullMarked
package dev.waggle.mesh.libp2p.muxer.yamux;

import org.jspecify.annotations.NullMarked;
