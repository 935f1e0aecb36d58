/** Capability adverts and the view of the peers that they make. */
@NullMarked
package dev.waggle.mesh.swarm.capability;

import org.jspecify.annotations.NullMarked;
