/** The protocols that every libp2p host speaks; each in a package of its own. */
@NullMarked
package dev.waggle.mesh.libp2p.protocol;

import org.jspecify.annotations.NullMarked;
