/**
 * What runs code that nobody trusts: the port and what its implementations share.
 *
 * <p>Start with {@link dev.waggle.worker.sandbox.Sandbox}. An implementation extends {@link
 * dev.waggle.worker.sandbox.CodeRun} with how it starts and ends code, and shows with {@link
 * dev.waggle.worker.sandbox.Proof} that it holds.
 */
@NullMarked
package dev.waggle.worker.sandbox;

import org.jspecify.annotations.NullMarked;
