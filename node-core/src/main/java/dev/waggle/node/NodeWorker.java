package dev.waggle.node;

import dev.waggle.coordinator.Coordinator;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Ledger;
import dev.waggle.mesh.libp2p.Recurring;
import dev.waggle.mesh.swarm.Swarm;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobPeers;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.Wanted;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.node.config.NodeConfig;
import dev.waggle.node.data.NodeDatabase;
import dev.waggle.node.data.PauseStore;
import dev.waggle.node.data.ProbeStore;
import dev.waggle.worker.KeptFiles;
import dev.waggle.worker.Worker;
import dev.waggle.worker.model.ModelTransfers;
import dev.waggle.worker.owner.Machine;
import dev.waggle.worker.owner.MachineState;
import dev.waggle.worker.owner.OwnerRules;
import dev.waggle.worker.snapshot.SnapshotCache;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a node does for others, as far as its owner lets it: runs their tasks, and shares models.
 * Thread-safe; {@link #pause} and {@link #resume} wait for the disk.
 */
final class NodeWorker implements AutoCloseable {
  private static final Duration FORGET_STEP = Duration.ofMinutes(10);
  private static final Instant PAUSED_FOR_EVER = Instant.parse("9999-01-01T00:00:00Z");

  private final NodeConfig config;
  private final Path directory;
  private final Belonging belonging;
  private final Membership membership;
  private final NodeThreads threads;
  private final Clock clock;
  private final PauseStore pauses;
  private final Machine machine = new Machine();
  private final ScheduledFuture<?> forgetting;
  private final Worker worker;
  private volatile @Nullable Swarm swarm;

  /** What this node's users asked for lately, once there is something that takes their requests. */
  private volatile Supplier<List<Wanted>> wanted = List::of;

  /**
   * A worker that is not started yet, and paused if its owner left it so.
   *
   * @param directory the node's own
   * @param artifacts finds what this node's own jobs have left
   */
  NodeWorker(
      NodeConfig config,
      Path directory,
      IdentityStore secrets,
      Ledger ledger,
      Belonging belonging,
      NodeDatabase database,
      Function<BlobDigest, Optional<Path>> artifacts,
      NodeThreads threads,
      Clock clock) {
    this.config = config;
    this.directory = directory;
    this.belonging = belonging;
    this.membership = belonging.membership();
    this.threads = threads;
    this.clock = clock;
    this.pauses = new PauseStore(database);
    Identity identity = secrets.node();
    SnapshotCache snapshots =
        new SnapshotCache(
            directory.resolve("snapshots"), identity.peerId(), artifacts, this::givers, clock);
    this.forgetting =
        Recurring.schedule(
            threads.timer(),
            Duration.ZERO,
            FORGET_STEP,
            () -> threads.blocking().execute(snapshots::forgetUnused));
    this.worker =
        new Worker(
            new Worker.Parts(
                identity,
                () -> membership.swarm().bytes(),
                ledger,
                Engines.of(
                    config, identity.peerId().toString(), directory, snapshots, threads.timer()),
                config.limits(),
                new Worker.Owner(config.ownerRules(), this::machine, peer -> membership.name(peer)),
                new Worker.Probing(config.engines().probing(), new ProbeStore(database)),
                new KeptFiles(directory.resolve("kept"), secrets.disk()),
                threads.timer(),
                clock),
            this::onChanged);
    worker.pause(pauses.until());
  }

  /** Tells a swarm from now on what this node can do. */
  void meet(Swarm members) {
    swarm = members;
  }

  /** Has models ready that are wanted, from now on; see {@link #meet} first. */
  void serveDemand(Coordinator coordinator) {
    wanted = coordinator::wanted;
    worker.serveDemand(() -> met().peers().peers(), coordinator::wanted);
  }

  private Swarm met() {
    Swarm members = swarm;
    if (members == null) {
      throw new IllegalStateException("the node is not in its swarm yet");
    }
    return members;
  }

  private BlobPeers givers() {
    return met().snapshots();
  }

  private void onChanged() {
    Swarm told = swarm;
    if (told != null) {
      told.capabilityChanged();
    }
  }

  Worker worker() {
    return worker;
  }

  /** What this node can do now. */
  Capability capability() {
    return worker.capability(config.name(), Version.software()).wanting(wanted.get());
  }

  /** What it does for others, which is nothing while its owner keeps it to himself. */
  Capability offered() {
    return worker.closedFor().isEmpty() ? capability() : capability().withoutWork();
  }

  /** Opens what copies models from and to other machines. */
  ModelTransfers transfers() {
    return ModelTransfers.of(
        config.transfers(),
        () -> capability().models(),
        this::sharesWith,
        new ModelTransfers.Places(
            directory.resolve("transfers"),
            config.engines().ollama(),
            config.ollamaStore(),
            config.engines().llamaModels()),
        threads.timer(),
        clock);
  }

  /** Whether the owner lets a member use this machine now. */
  private boolean sharesWith(PeerId member) {
    Set<String> blocked = config.ownerRules().blocked();
    return worker.closedFor().isEmpty()
        && !blocked.contains(member.toString())
        && !blocked.contains(membership.name(member));
  }

  private MachineState machine() {
    OwnerRules rules = config.ownerRules();
    return rules.powerAware() || rules.freeMemoryMbMin() > 0
        ? machine.read()
        : MachineState.UNKNOWN;
  }

  /**
   * Runs nothing of others', over restarts, too.
   *
   * @param time for how long; empty until it is resumed
   */
  void pause(Optional<Duration> time) {
    Instant until = time.map(clock.instant()::plus).orElse(PAUSED_FOR_EVER);
    pauses.save(until);
    worker.pause(until);
    belonging.recordPolicy(
        time.isPresent()
            ? "paused until " + until.truncatedTo(ChronoUnit.SECONDS)
            : "paused until it is resumed");
  }

  /** Ends a pause. */
  void resume() {
    pauses.save(Instant.EPOCH);
    worker.resume();
    belonging.recordPolicy("resumed");
  }

  @Override
  public void close() {
    worker.close();
    forgetting.cancel(false);
  }
}
