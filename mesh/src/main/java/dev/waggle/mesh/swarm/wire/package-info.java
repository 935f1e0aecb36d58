/** Turns the exchange's records into protobuf bytes and back, refusing what is not valid. */
@NullMarked
package dev.waggle.mesh.swarm.wire;

import org.jspecify.annotations.NullMarked;
