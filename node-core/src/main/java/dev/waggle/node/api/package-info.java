/**
 * The local HTTP API: models in the dialects of OpenAI and Ollama, and the node's own under {@code
 * /swarm/v1}.
 *
 * <p>Start with {@link dev.waggle.node.api.HttpApi}.
 */
@NullMarked
package dev.waggle.node.api;

import org.jspecify.annotations.NullMarked;
