/**
 * Keeps the records of the swarm honest: brings this node's checkpoints to others and judges
 * theirs.
 *
 * <p>Start with {@link dev.waggle.node.audit.Auditor}.
 */
@NullMarked
package dev.waggle.node.audit;

import org.jspecify.annotations.NullMarked;
