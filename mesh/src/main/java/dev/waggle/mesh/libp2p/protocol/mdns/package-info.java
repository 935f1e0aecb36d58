/** Finds hosts on the local network (libp2p specs, discovery/mdns.md). */
@NullMarked
package dev.waggle.mesh.libp2p.protocol.mdns;

import org.jspecify.annotations.NullMarked;
