/** Servers that speak the documented protocols of Ollama and OpenAI, with faults on demand. */
@NullMarked
package dev.waggle.worker.fake;

import org.jspecify.annotations.NullMarked;
