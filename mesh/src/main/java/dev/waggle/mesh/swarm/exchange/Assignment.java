package dev.waggle.mesh.swarm.exchange;

import dev.waggle.crypto.PeerId;

/**
 * A claimed task that reached its worker, opened and checked.
 *
 * @param requester who asked, proved by its signature
 * @param envelopeHash SHA-256 of the sealed task as it travelled, 32 bytes
 */
public record Assignment(
    TaskId task, ClaimId claim, PeerId requester, TaskSpec spec, byte[] envelopeHash) {}
