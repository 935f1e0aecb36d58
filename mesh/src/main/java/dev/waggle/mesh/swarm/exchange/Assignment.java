package dev.waggle.mesh.swarm.exchange;

import dev.waggle.crypto.PeerId;
import java.util.Optional;

/**
 * A claimed task that reached its worker, opened and checked.
 *
 * @param requester who asked, proved by its signature
 * @param part of which job it is, whose requester may go away and ask again; empty for one that
 *     nobody would ask for again
 * @param envelopeHash SHA-256 of the sealed task as it travelled, 32 bytes
 */
public record Assignment(
    TaskId task,
    ClaimId claim,
    PeerId requester,
    TaskSpec spec,
    Optional<JobPart> part,
    byte[] envelopeHash) {}
