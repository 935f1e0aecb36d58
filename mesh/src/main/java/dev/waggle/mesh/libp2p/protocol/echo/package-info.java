/** Sends bytes back as they come: for diagnosis and tests. */
@NullMarked
package dev.waggle.mesh.libp2p.protocol.echo;

import org.jspecify.annotations.NullMarked;
