package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.Outcome.FinishReason;
import dev.waggle.mesh.swarm.exchange.Usage;

/** How a task ended well. */
public record TaskSummary(Placement placement, FinishReason reason, Usage usage) {}
