/** Runs machines by the thousand under one deterministic clock: one seed, one history. */
@org.jspecify.annotations.NullMarked
package dev.waggle.mesh.simulation;
