/** Turns byte channels into secured, multiplexed connections and keeps one for each peer. */
@NullMarked
package dev.waggle.mesh.libp2p.connection;

import org.jspecify.annotations.NullMarked;
