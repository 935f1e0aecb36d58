/**
 * Finds out within seconds that a member is gone, in the spirit of SWIM: members probe each other,
 * ask others to probe, and suspect before they bury.
 *
 * <p>Start with {@code FailureDetector}, a machine without I/O, then {@link
 * dev.waggle.mesh.swarm.liveness.Liveness}, which connects it.
 */
@NullMarked
package dev.waggle.mesh.swarm.liveness;

import org.jspecify.annotations.NullMarked;
