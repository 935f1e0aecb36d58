package dev.waggle.mesh.swarm.exchange;

import java.time.Duration;

/**
 * Asks a worker whether it would run a task; shows no prompt.
 *
 * @param task the task's name
 * @param requirements what the worker needs to have
 * @param taskBytes the size of the task, rounded up to a power of two so that it tells little
 * @param patience how long the requester would wait in a queue before the first chunk
 * @param priority among the requester's tasks
 */
public record Offer(
    TaskId task, Requirements requirements, int taskBytes, Duration patience, Priority priority) {}
