/** Carries many streams on one connection: the port that muxers implement. */
@NullMarked
package dev.waggle.mesh.libp2p.muxer;

import org.jspecify.annotations.NullMarked;
