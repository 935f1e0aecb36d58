package dev.waggle.mesh.swarm.exchange;

/**
 * The end of a task's result: what happened, what it took, and the worker's half of the receipt.
 *
 * @param receipt the receipt signed by the worker; the mesh carries its bytes unread
 */
public record TaskResult(Outcome outcome, Usage usage, byte[] receipt) {}
