package dev.waggle.node.api;

import dev.waggle.coordinator.TaskSubmitter;
import dev.waggle.coordinator.job.ArtifactStore;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobQueue;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Ledger;
import dev.waggle.mesh.swarm.Swarm;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.node.audit.Auditor;
import dev.waggle.node.config.NodeConfig;
import dev.waggle.node.data.AccessTokens;
import dev.waggle.node.data.FaultStore;
import dev.waggle.node.job.JobHandovers;
import dev.waggle.node.job.SnapshotLoans;
import dev.waggle.worker.Worker;
import dev.waggle.worker.model.ModelTransfers;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
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

  /**
   * Runs nothing of others', over restarts, too; blocks for the disk.
   *
   * @param time for how long; empty until it is resumed
   */
  void pause(Optional<Duration> time);

  /** Ends a pause; blocks for the disk. */
  void resume();

  /** Copies models from and to other machines. */
  ModelTransfers modelTransfers();

  /** Who may use its API. */
  AccessTokens accessTokens();

  /** How the others behave. */
  Conduct conduct();

  /** What they did that no honest node does. */
  FaultStore faults();

  /** Looks after its record and those of the others. */
  Auditor auditor();

  /** Its worker. */
  Worker worker();

  /** Its jobs. */
  JobQueue jobs();

  /** Hands jobs of its users over to other nodes. */
  JobHandovers jobHandovers();

  /** What other nodes may fetch for jobs that are on their way to them. */
  SnapshotLoans snapshotLoans();

  /** What their tasks left. */
  ArtifactStore artifacts();

  /** Tells a task of a job what a person says, and records it. */
  CompletableFuture<Void> answerJob(JobId job, int number, String answer);

  /** Its record. */
  Ledger ledger();

  /**
   * Makes an invite into its swarm; blocks for the disk.
   *
   * @throws MembershipException if it may not invite, or the validity is out of range
   */
  Invite invite(InviteTerms terms, Duration validity) throws MembershipException;

  /**
   * Gives a member, this node included, other labels than it had; blocks for the disk.
   *
   * @throws MembershipException if this node may not, or the peer is no member
   * @throws IllegalArgumentException if they are too many, or none that a node can hold
   */
  void label(PeerId member, Set<Label> labels) throws MembershipException;

  /**
   * Ends a peer's membership everywhere, and records it; blocks for the disk.
   *
   * @param keep when the peer is an admin, those that it let in and that stay
   * @throws MembershipException if this node may not
   */
  Revocation revoke(PeerId peer, String reason, Collection<PeerId> keep) throws MembershipException;

  /**
   * Leaves its swarm for one of its own; blocks for the disk.
   *
   * @param abandon even when it has the swarm's owner key, which is lost then
   * @throws MembershipException if it has that key, others are there, and it is not to abandon them
   */
  void leave(boolean abandon) throws MembershipException;

  /**
   * Joins the swarm of an invite; completes when its issuer has admitted this node. Fails with a
   * {@link MembershipException} that names the cause and the remedy.
   */
  CompletableFuture<Void> join(Invite invite);
}
