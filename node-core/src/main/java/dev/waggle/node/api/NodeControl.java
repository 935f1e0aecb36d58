package dev.waggle.node.api;

import dev.waggle.coordinator.TaskSubmitter;
import dev.waggle.ledger.Ledger;
import dev.waggle.mesh.swarm.Swarm;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.node.config.NodeConfig;
import dev.waggle.worker.Worker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** What the API needs of its node. Thread-safe; nothing blocks, unless it says so. */
public interface NodeControl {
  /** Its settings. */
  NodeConfig config();

  /** What it can do now. */
  Capability capability();

  /** Takes tasks for the swarm. */
  TaskSubmitter tasks();

  /** Who is in the swarm, and what they say. */
  Swarm swarm();

  /** Its worker. */
  Worker worker();

  /** Its record. */
  Ledger ledger();

  /**
   * Makes an invite into its swarm; blocks for the disk.
   *
   * @throws MembershipException if it may not invite, or the validity is out of range
   */
  Invite invite(Duration validity) throws MembershipException;

  /**
   * Joins the swarm of an invite; completes when its issuer has admitted this node. Fails with a
   * {@link MembershipException} that names the cause and the remedy.
   */
  CompletableFuture<Void> join(Invite invite);
}
