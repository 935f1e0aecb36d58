/**
 * Who belongs to the swarm: certificates, invites, and the hello protocol that gates connections.
 *
 * <p>Start with {@link dev.waggle.mesh.swarm.membership.Membership}.
 */
@NullMarked
package dev.waggle.mesh.swarm.membership;

import org.jspecify.annotations.NullMarked;
