/**
 * Members ask each other to get a model from its registry: {@code /waggle/pull/1}. An order is
 * signed; the machine that gets it asks its own owner's settings, tells how far it is, and stops
 * when who ordered goes away.
 *
 * <p>Start with {@link dev.waggle.mesh.swarm.pull.PullTarget}.
 */
@NullMarked
package dev.waggle.mesh.swarm.pull;

import org.jspecify.annotations.NullMarked;
