/**
 * Revisions of git repositories on this machine, frozen into snapshots.
 *
 * <p>Start with {@link dev.waggle.node.git.Revision}.
 */
@NullMarked
package dev.waggle.node.git;

import org.jspecify.annotations.NullMarked;
