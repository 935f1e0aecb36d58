package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.Priority;
import java.time.Instant;
import java.util.Optional;

/**
 * How a job is.
 *
 * @param member who submitted it, by its peer id
 * @param lastEvent the number of its last event
 * @param coordinator who has it or is to have it, by its peer id; empty for this node
 */
public record JobSummary(
    JobId id,
    JobKind kind,
    String title,
    String member,
    String key,
    Priority priority,
    Instant created,
    Optional<Instant> deadline,
    Optional<Instant> ended,
    JobState state,
    int total,
    int done,
    int failed,
    int canceled,
    long lastEvent,
    String coordinator) {}
