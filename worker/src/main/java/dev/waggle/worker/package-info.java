/**
 * Decides whether to accept work, then runs it on this machine's engines.
 *
 * <p>Start with {@link dev.waggle.worker.Worker}.
 */
@NullMarked
package dev.waggle.worker;

import org.jspecify.annotations.NullMarked;
