/**
 * Labels: what a request says about where it may run, and what owners say about labels.
 *
 * <p>Start with {@link dev.waggle.mesh.swarm.label.Label}.
 */
@NullMarked
package dev.waggle.mesh.swarm.label;

import org.jspecify.annotations.NullMarked;
