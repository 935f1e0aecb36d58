/**
 * A libp2p host: the facade of the library, with no Netty types in it.
 *
 * <p>Start with {@link dev.waggle.mesh.libp2p.Host}.
 */
@NullMarked
package dev.waggle.mesh.libp2p;

import org.jspecify.annotations.NullMarked;
