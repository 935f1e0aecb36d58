/**
 * What runs a model: the port and what its implementations share.
 *
 * <p>Start with {@link dev.waggle.worker.engine.Engine}.
 */
@NullMarked
package dev.waggle.worker.engine;

import org.jspecify.annotations.NullMarked;
