/**
 * Frozen files that code of others starts with: fetched from who asks, verified, and kept for a
 * while.
 *
 * <p>Start with {@link dev.waggle.worker.snapshot.Snapshots}.
 */
@NullMarked
package dev.waggle.worker.snapshot;

import org.jspecify.annotations.NullMarked;
