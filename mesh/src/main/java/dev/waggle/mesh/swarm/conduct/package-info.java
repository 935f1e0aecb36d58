/**
 * How members behave: what no honest node does is counted, and forgotten with time.
 *
 * <p>Start with {@link dev.waggle.mesh.swarm.conduct.Conduct}.
 */
@NullMarked
package dev.waggle.mesh.swarm.conduct;

import org.jspecify.annotations.NullMarked;
