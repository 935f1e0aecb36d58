/** Secures a connection and proves who is at its other end (libp2p specs, noise/README.md). */
@NullMarked
package dev.waggle.mesh.libp2p.security.noise;

import org.jspecify.annotations.NullMarked;
