/** Carries bytes between two addresses: TCP, memory inside one process, and any link of bytes. */
@NullMarked
package dev.waggle.mesh.libp2p.transport;

import org.jspecify.annotations.NullMarked;
