/** The self-describing formats of libp2p: addresses, varints and multihashes. */
@NullMarked
package dev.waggle.mesh.libp2p.multiformat;

import org.jspecify.annotations.NullMarked;
