/**
 * llama.cpp as an engine: one child JVM a model, so that a crash, a leak or an unload of the native
 * code is the end of a child and not of the node.
 */
@NullMarked
package dev.waggle.worker.engine.llamacpp;

import org.jspecify.annotations.NullMarked;
