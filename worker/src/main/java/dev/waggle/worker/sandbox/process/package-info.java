/**
 * Runs code in namespaces of the Linux kernel, set up by bubblewrap.
 *
 * <p>Start with {@link dev.waggle.worker.sandbox.process.ProcessSandbox}.
 */
@NullMarked
package dev.waggle.worker.sandbox.process;

import org.jspecify.annotations.NullMarked;
