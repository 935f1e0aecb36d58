/** A server that speaks Ollama's documented protocol, with faults on demand. */
@NullMarked
package dev.waggle.worker.fake;

import org.jspecify.annotations.NullMarked;
