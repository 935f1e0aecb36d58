/** Carries bytes between two addresses: TCP, and memory inside one process. */
@NullMarked
package dev.waggle.mesh.libp2p.transport;

import org.jspecify.annotations.NullMarked;
