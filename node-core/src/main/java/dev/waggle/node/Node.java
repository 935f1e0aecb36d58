package dev.waggle.node;

import dev.waggle.coordinator.Coordinator;
import dev.waggle.coordinator.TaskSubmitter;
import dev.waggle.coordinator.job.ArtifactStore;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobQueue;
import dev.waggle.coordinator.job.Upstream;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.SecretsException;
import dev.waggle.ledger.H2Ledger;
import dev.waggle.ledger.Ledger;
import dev.waggle.ledger.LedgerException;
import dev.waggle.mesh.libp2p.Recurring;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.Swarm;
import dev.waggle.mesh.swarm.SwarmParts;
import dev.waggle.mesh.swarm.SwarmSettings;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.node.api.HttpApi;
import dev.waggle.node.api.MemberJobs;
import dev.waggle.node.api.NodeControl;
import dev.waggle.node.audit.Auditor;
import dev.waggle.node.config.NodeConfig;
import dev.waggle.node.data.AccessTokens;
import dev.waggle.node.data.CheckpointStore;
import dev.waggle.node.data.DataDirectory;
import dev.waggle.node.data.DataException;
import dev.waggle.node.data.FaultStore;
import dev.waggle.node.data.GivenPassphrase;
import dev.waggle.node.data.H2MembershipStore;
import dev.waggle.node.data.NodeDatabase;
import dev.waggle.node.data.RunningNode;
import dev.waggle.node.job.JobHandovers;
import dev.waggle.node.job.SnapshotLoans;
import dev.waggle.node.job.UpstreamModel;
import dev.waggle.worker.Worker;
import dev.waggle.worker.model.ModelTransfers;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running node: worker, coordinator, swarm, ledger and local HTTP API.
 *
 * <p>Thread-safe. {@link Builder#start} and {@link #close} block, a few seconds at most; the other
 * methods do not, unless they say so.
 */
public final class Node implements NodeControl, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Node.class);

  /** How long an answer that began may pause before another node goes on with it. */
  private static final Duration STALL_MAX = Duration.ofSeconds(8);

  private static final Duration AUDIT_STEP = Duration.ofSeconds(5);

  private final NodeConfig config;
  private final Clock clock = Clock.systemUTC();
  private final NodeThreads threads = new NodeThreads();

  /** What has been opened, to be closed in the opposite order. */
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  private final DataDirectory directory;
  private final IdentityStore secrets;
  private final Ledger ledger;
  private final AccessTokens accessTokens;
  private final Belonging belonging;
  private final Membership membership;
  private final FaultStore faults;
  private final Auditor auditor;
  private final Conduct conduct;
  private final NodeWorker work;
  private final Swarm swarm;
  private final ModelTransfers transfers;
  private final Coordinator coordinator;
  private final NodeJobs jobs;
  private final HttpApi api;

  private Node(NodeConfig config)
      throws DataException,
          SecretsException,
          LedgerException,
          MembershipException,
          IOException,
          InterruptedException {
    this.config = config;
    boolean started = false;
    try {
      open.push(threads);
      directory = opened(DataDirectory.open(config.dataDirectory()));
      // The slow parts of the start do not need each other.
      CompletableFuture<Vertx> http = HttpApi.prepare(threads.blocking());
      Opening<NodeDatabase> opening =
          opened(
              Opening.start(() -> NodeDatabase.open(directory.databaseFile()), threads.blocking()));
      Opening<NodeJobs> openingJobs =
          opened(Opening.start(() -> NodeJobs.open(directory, clock), threads.blocking()));
      String token = directory.token();
      secrets =
          IdentityStore.open(
              directory.path(),
              new SecureRandom(),
              GivenPassphrase.ofKeys(config.passphraseFile()));
      Identity identity = secrets.node();
      ledger = opened(H2Ledger.open(directory.ledgerFile(), identity, clock));
      NodeDatabase database = opened(opening.take());
      accessTokens = new AccessTokens(database, clock);
      belonging =
          new Belonging(secrets, ledger, new H2MembershipStore(database), config.name(), clock);
      membership = belonging.membership();
      faults = new FaultStore(database);
      conduct = new Conduct(clock, this::onFault);
      auditor =
          new Auditor(
              identity, ledger, new CheckpointStore(database), conduct, clock, threads.blocking());
      work =
          opened(
              new NodeWorker(
                  config,
                  directory.path(),
                  secrets,
                  ledger,
                  belonging,
                  database,
                  this::artifact,
                  threads,
                  clock));
      swarm = opened(swarm(identity));
      work.meet(swarm);
      auditor.meet(swarm.audits());
      transfers = opened(work.transfers());
      swarm.takeOrders(
          transfers.orders(worker()::library, worker()::refresh), transfers.fetching());
      ScheduledFuture<?> audits =
          Recurring.schedule(threads.timer(), AUDIT_STEP, AUDIT_STEP, auditor::round);
      open.push(() -> audits.cancel(false));
      coordinator =
          opened(
              new Coordinator(
                  identity,
                  swarm.exchange(),
                  swarm.peers(),
                  swarm.labels(),
                  conduct,
                  this::capability,
                  ledger,
                  threads.timer(),
                  clock,
                  config.firstChunkMax(),
                  STALL_MAX));
      work.serveDemand(coordinator);
      jobs = opened(openingJobs.take());
      jobs.start(
          identity.peerId(),
          config.upstream().<Upstream>map(UpstreamModel::new).orElse(Upstream.NONE),
          coordinator,
          swarm,
          ledger,
          conduct,
          this::capability,
          threads,
          clock);
      swarm.lookAfterJobs(new MemberJobs(this, threads.blocking()));
      swarm.share(coordinator.snapshots(this::artifact, transfers.source()), transfers.sending());
      api = opened(HttpApi.start(this, token, Version.current(), http, threads.blocking()));
      directory.announce(self());
      worker().start();
      started = true;
    } finally {
      if (!started) {
        close();
      }
    }
    log.info(
        "node \"{}\" is ready: API at http://{}, peer {}, swarm {}, members: {}",
        config.name(),
        self().api(),
        peerId(),
        membership.swarm(),
        membership.others().size() + 1);
  }

  /** Begins to describe a node. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts a node.
   *
   * @throws NodeException naming the cause and the remedy
   */
  public static Node start(NodeConfig config) throws NodeException, InterruptedException {
    try {
      return new Node(config);
    } catch (DataException
        | SecretsException
        | LedgerException
        | MembershipException
        | IOException
        | UncheckedIOException e) {
      throw new NodeException(String.valueOf(e.getMessage()), e);
    }
  }

  private <T extends AutoCloseable> T opened(T part) {
    open.push(part);
    return part;
  }

  /** What jobs of this node have left. */
  private Optional<Path> artifact(BlobDigest digest) {
    return jobs.artifacts().find(digest.hex());
  }

  private Swarm swarm(Identity identity) throws IOException {
    return Swarm.start(
        new SwarmSettings(config.listen(), config.peers(), config.mdns()),
        new SwarmParts(
            identity,
            membership,
            work::offered,
            work.worker(),
            conduct,
            auditor,
            threads.timer(),
            threads.blocking(),
            clock,
            Version.software()));
  }

  /**
   * Writes a file, whole, with one line of JSON that says where the node is.
   *
   * @throws NodeException if it cannot be written
   */
  public void writeReadyFile(Path file) throws NodeException {
    try {
      DataDirectory.write(file, self());
    } catch (DataException e) {
      throw new NodeException(e.getMessage(), e);
    }
  }

  /** Its name on the network. */
  public PeerId peerId() {
    return membership.own().leaf().subject();
  }

  /** Where its HTTP API listens. */
  public InetSocketAddress apiAddress() {
    return api.address();
  }

  /** Where it listens for peers, each address ending in its peer id. */
  public List<Multiaddr> listenAddresses() {
    return swarm.listenAddresses().stream()
        .map(address -> address.withPeerId(swarm.peerId()))
        .toList();
  }

  /** What it says of itself in its ready file. */
  public RunningNode self() {
    InetSocketAddress address = api.address();
    String host = address.getAddress().getHostAddress();
    return new RunningNode(
        (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort(),
        listenAddresses().stream().map(Multiaddr::toString).toList(),
        swarm.peerId().toString(),
        ProcessHandle.current().pid());
  }

  @Override
  public NodeConfig config() {
    return config;
  }

  @Override
  public Capability capability() {
    return work.capability();
  }

  @Override
  public TaskSubmitter tasks() {
    return coordinator;
  }

  @Override
  public Swarm swarm() {
    return swarm;
  }

  @Override
  public Ledger ledger() {
    return ledger;
  }

  @Override
  public void pause(Optional<Duration> time) {
    work.pause(time);
  }

  @Override
  public void resume() {
    work.resume();
  }

  private void onFault(Conduct.Observed observed) {
    log.debug("{} sent {}", observed.peer(), observed.fault().words());
    try {
      threads.blocking().execute(() -> faults.save(observed));
    } catch (RejectedExecutionException e) {
      log.debug("too busy to keep a fault");
    }
  }

  @Override
  public Conduct conduct() {
    return conduct;
  }

  @Override
  public Auditor auditor() {
    return auditor;
  }

  @Override
  public FaultStore faults() {
    return faults;
  }

  @Override
  public AccessTokens accessTokens() {
    return accessTokens;
  }

  @Override
  public ModelTransfers modelTransfers() {
    return transfers;
  }

  @Override
  public JobQueue jobs() {
    return jobs.queue();
  }

  @Override
  public JobHandovers jobHandovers() {
    return jobs.handovers();
  }

  @Override
  public SnapshotLoans snapshotLoans() {
    return jobs.loans();
  }

  @Override
  public ArtifactStore artifacts() {
    return jobs.artifacts();
  }

  @Override
  public CompletableFuture<Void> answerJob(JobId job, int number, String answer) {
    return jobs.answer(job, number, answer, ledger, swarm.peerId());
  }

  @Override
  public Worker worker() {
    return work.worker();
  }

  @Override
  public Invite invite(InviteTerms terms, Duration validity) throws MembershipException {
    return swarm.invite(terms, validity);
  }

  @Override
  public void label(PeerId member, Set<Label> labels) throws MembershipException {
    belonging.label(swarm, member, labels);
  }

  @Override
  public Revocation revoke(PeerId peer, String reason, Collection<PeerId> keep)
      throws MembershipException {
    return belonging.revoke(swarm, peer, reason, keep);
  }

  @Override
  public void leave(boolean abandon) throws MembershipException {
    belonging.leave(swarm, abandon);
  }

  @Override
  public CompletableFuture<Void> join(Invite invite) {
    return belonging.join(swarm, invite, threads.blocking());
  }

  /** Says good-bye, ends what runs, and closes everything. Idempotent. */
  @Override
  public synchronized void close() {
    while (!open.isEmpty()) {
      AutoCloseable part = open.pop();
      try {
        part.close();
      } catch (Exception e) {
        log.warn("{} did not close in order", part.getClass().getSimpleName(), e);
      }
    }
  }
}
