/**
 * Requests between members that are signed one by one and taken once.
 *
 * <p>Start with {@link dev.waggle.mesh.swarm.request.Requests}.
 */
@NullMarked
package dev.waggle.mesh.swarm.request;

import org.jspecify.annotations.NullMarked;
