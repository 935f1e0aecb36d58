/** The Ollama of this machine as an engine. */
@NullMarked
package dev.waggle.worker.engine.ollama;

import org.jspecify.annotations.NullMarked;
