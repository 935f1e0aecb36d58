package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.TaskId;
import java.time.Duration;

/**
 * Which node answers a task, and with what.
 *
 * @param workerName the node's name, for people
 * @param model the model's name there
 * @param modelDigest the model's content, as its worker promised it
 * @param queued how long the task waited before its worker began with it, offers included
 */
public record Placement(
    TaskId task,
    PeerId worker,
    String workerName,
    String model,
    String modelDigest,
    Duration queued) {}
