/**
 * Frozen files as one archive, so that the same files have the same SHA-256 everywhere.
 *
 * <p>Start with {@link dev.waggle.mesh.swarm.snapshot.FileArchive}.
 */
@NullMarked
package dev.waggle.mesh.swarm.snapshot;

import org.jspecify.annotations.NullMarked;
