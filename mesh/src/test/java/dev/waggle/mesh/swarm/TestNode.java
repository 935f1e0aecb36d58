package dev.waggle.mesh.swarm;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.MovableClock;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Role;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** One node's mesh on loopback, with a scripted worker and a clock that can be moved. */
final class TestNode implements AutoCloseable {
  static final String MODEL = "test:1b";

  final Identity identity = Identity.generate(new SecureRandom());
  final MovableClock clock = new MovableClock(Clock.systemUTC());
  final ScriptedServer server = new ScriptedServer();
  final ScriptedAudits audits = new ScriptedAudits();
  final List<Conduct.Observed> faults = new CopyOnWriteArrayList<>();
  final Conduct conduct = new Conduct(clock, faults::add);
  final Membership membership;
  final Swarm swarm;
  volatile Capability capability;

  /** The key of the swarm that it founded, while it has it. */
  volatile Optional<Identity> owner = Optional.empty();

  private static final int LOOPS = Math.min(2, Runtime.getRuntime().availableProcessors());

  private final CountDownLatch thaw = new CountDownLatch(1);
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
  private final ExecutorService blocking = Executors.newFixedThreadPool(2);

  TestNode(String name) throws IOException {
    this(name, List.of());
  }

  TestNode(String name, List<Multiaddr> peers) throws IOException {
    capability = capability(name, 2);
    membership = found(name);
    swarm =
        Swarm.start(
            new SwarmSettings(
                List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")), peers, /* mdns= */ false),
            new SwarmParts(
                identity,
                membership,
                () -> capability,
                server,
                conduct,
                audits,
                timer,
                blocking,
                clock,
                "waggle/test"));
  }

  private Membership found(String name) {
    Identity key = Identity.generate(new SecureRandom());
    owner = Optional.of(key);
    try {
      return Membership.found(
          new Membership.Keys(identity, () -> owner),
          key,
          name,
          new MemoryMembershipStore(),
          clock);
    } catch (MembershipException e) {
      throw new AssertionError("a new swarm has no revocations", e);
    }
  }

  static Capability capability(String name, int slots) {
    return new Capability(
        name,
        "test",
        List.of(new ModelOffer(MODEL, "sha256:" + "0".repeat(64), "fake", 1_000, 2_048, true)),
        slots,
        0,
        0,
        List.of());
  }

  PeerId id() {
    return identity.peerId();
  }

  /** Makes the other node a member of this one's swarm. */
  void admit(TestNode other, String name) throws Exception {
    admit(other, name, Role.granted("member"));
  }

  void admit(TestNode other, String name, Set<Role> roles) throws Exception {
    Invite invite =
        swarm.invite(new InviteTerms(roles, Set.of(), Optional.empty()), Duration.ofHours(1));
    other.swarm.join(invite, name).get(20, TimeUnit.SECONDS);
  }

  boolean isConnectedWith(TestNode other) {
    return swarm.peers().peer(other.id()).map(peer -> peer.connected()).orElse(false);
  }

  boolean seesCapabilityOf(TestNode other) {
    return swarm.peers().peer(other.id()).flatMap(peer -> peer.capability()).isPresent();
  }

  /** Makes its event loops hang while its connections stay open, until it is closed. */
  void freeze() throws InterruptedException {
    CountDownLatch frozen = new CountDownLatch(LOOPS);
    for (int i = 0; i < LOOPS; i++) {
      swarm
          .scheduler()
          .execute(
              () -> {
                frozen.countDown();
                try {
                  thaw.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
    }
    frozen.await();
  }

  /** Ends the freeze. */
  void thaw() {
    thaw.countDown();
  }

  @Override
  public void close() {
    thaw();
    swarm.close();
    timer.shutdownNow();
    blocking.shutdownNow();
  }
}
