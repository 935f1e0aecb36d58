package dev.waggle.mesh.swarm.exchange;

/**
 * The beginning of an answer that another worker gave.
 *
 * @param thinking its reasoning; may be empty
 * @param text what it said; empty when it was still thinking
 */
public record Continuation(String thinking, String text) {}
