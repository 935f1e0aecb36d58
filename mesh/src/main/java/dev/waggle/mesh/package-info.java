/**
 * Speaks libp2p ({@code mesh.libp2p}), and says swarm things over it ({@code mesh.swarm}).
 *
 * <p>{@code mesh.libp2p} never imports {@code mesh.swarm}: it is a libp2p library of its own.
 */
@NullMarked
package dev.waggle.mesh;

import org.jspecify.annotations.NullMarked;
