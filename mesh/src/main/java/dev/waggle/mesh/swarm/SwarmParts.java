package dev.waggle.mesh.swarm;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.swarm.audit.AuditServer;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.exchange.TaskServer;
import dev.waggle.mesh.swarm.membership.Membership;
import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;

/**
 * What a node brings to its swarm.
 *
 * @param capability what it can do now
 * @param server runs its tasks
 * @param conduct hears of members' faults
 * @param audits answers about records
 * @param timer runs short steps at their time; stays the caller's to close
 * @param blocking runs what waits for the disk or the network; bounded, may refuse
 * @param software its name and version, for people
 */
public record SwarmParts(
    Identity identity,
    Membership membership,
    Supplier<Capability> capability,
    TaskServer server,
    Conduct conduct,
    AuditServer audits,
    ScheduledExecutorService timer,
    Executor blocking,
    Clock clock,
    String software) {}
