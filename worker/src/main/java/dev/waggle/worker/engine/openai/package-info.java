/** Servers that speak OpenAI's API: llama-server, LM Studio, vLLM, LocalAI and others. */
@NullMarked
package dev.waggle.worker.engine.openai;

import org.jspecify.annotations.NullMarked;
