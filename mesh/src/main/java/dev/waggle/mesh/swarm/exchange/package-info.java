/**
 * The task exchange: offer, accept or decline, assign, chunks, final, settle, cancel.
 *
 * <p>The requester's side starts at {@link dev.waggle.mesh.swarm.exchange.Exchange}, the worker's
 * at {@link dev.waggle.mesh.swarm.exchange.TaskServer}.
 */
@NullMarked
package dev.waggle.mesh.swarm.exchange;

import org.jspecify.annotations.NullMarked;
