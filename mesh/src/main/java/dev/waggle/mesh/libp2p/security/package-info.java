/** Secures connections; the one way today is {@code noise}. */
@NullMarked
package dev.waggle.mesh.libp2p.security;

import org.jspecify.annotations.NullMarked;
