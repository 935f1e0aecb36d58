package dev.waggle.mesh.swarm.membership;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.protocol.gossipsub.PubSub;
import dev.waggle.mesh.libp2p.protocol.gossipsub.PubSub.Verdict;
import dev.waggle.mesh.swarm.MemoryMembershipStore;
import dev.waggle.mesh.swarm.capability.Advert;
import dev.waggle.mesh.swarm.capability.Adverts;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.wire.AdvertCodec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What members may say of themselves, and nobody of another. */
class ForgedAdvertsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Identity OWNER = identity(1);
  private static final Identity NODE = identity(2);
  private static final Identity ANNA = identity(3);
  private static final Identity THIEF = identity(4);

  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
  private final Wire wire = new Wire();
  private final List<Advert> taken = new ArrayList<>();
  private final Membership membership;

  ForgedAdvertsTest() throws MembershipException {
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    membership =
        Membership.found(
            new Membership.Keys(NODE, () -> Optional.of(OWNER)),
            OWNER,
            "node",
            new MemoryMembershipStore(),
            clock);
    Adverts adverts =
        new Adverts(
            wire, membership, () -> capability(List.of()), List::of, timer, clock, taken::add);
    assertThat(adverts.peers().peers()).isEmpty();
  }

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  private static Identity identity(int first) {
    byte[] seed = new byte[Identity.SEED_BYTES];
    seed[0] = (byte) first;
    return Identity.ofSeed(seed);
  }

  private static Capability capability(List<ModelOffer> models) {
    return new Capability("node", "test", models, 1, 0, 0, List.of());
  }

  private static CertificateChain chain(Identity of, String role, Instant issued) {
    return CertificateChain.ofOwner(
        OWNER, of.peerId(), new Grant("name", Role.granted(role)), issued);
  }

  private Verdict heard(Identity from, long sequence, Instant issued, CertificateChain chain) {
    return wire.say(
        from.peerId(),
        AdvertCodec.encode(
            new Advert(
                sequence,
                issued,
                Duration.ofMinutes(1),
                chain,
                List.of(),
                capability(
                    List.of(
                        new ModelOffer("m:1b", "sha256:" + "0".repeat(64), "fake", 1, 1, true))))));
  }

  @Test
  void member_speaksForItself_once() {
    CertificateChain anna = chain(ANNA, "member", NOW);
    assertThat(heard(ANNA, 1, NOW, anna)).isEqualTo(Verdict.ACCEPT);
    assertThat(heard(ANNA, 1, NOW, anna)).as("again").isEqualTo(Verdict.IGNORE);
    assertThat(heard(ANNA, 2, NOW.minus(Duration.ofMinutes(10)), anna))
        .as("of another time")
        .isEqualTo(Verdict.IGNORE);
    assertThat(taken).hasSize(1);
  }

  @Test
  void capabilityOfAnother_isRefused() {
    assertThat(heard(THIEF, 1, NOW, chain(ANNA, "member", NOW)))
        .as("a certificate without its key")
        .isEqualTo(Verdict.REJECT);
    CertificateChain foreign = CertificateChain.found(THIEF, THIEF.peerId(), "thief", NOW);
    assertThat(heard(THIEF, 1, NOW, foreign)).as("of another swarm").isEqualTo(Verdict.REJECT);
    assertThat(wire.say(THIEF.peerId(), new byte[] {1, 2, 3}))
        .as("garbage")
        .isEqualTo(Verdict.REJECT);
    assertThat(taken).isEmpty();
  }

  @Test
  void capabilityBeyondACertificate_isRefused() throws Exception {
    for (String role : List.of("relay", "requester", "coordinator")) {
      assertThat(heard(ANNA, 1, NOW, chain(ANNA, role, NOW))).as(role).isEqualTo(Verdict.REJECT);
    }
    Instant old = NOW.minus(CertificateChain.VALIDITY).minusSeconds(1);
    assertThat(heard(ANNA, 1, NOW, chain(ANNA, "member", old)))
        .as("expired")
        .isEqualTo(Verdict.REJECT);
    CertificateChain chain = chain(ANNA, "member", NOW);
    membership.revoke(ANNA.peerId(), "", Set.of());
    assertThat(heard(ANNA, 1, NOW, chain)).as("revoked").isEqualTo(Verdict.REJECT);
    assertThat(taken).isEmpty();
  }

  /** Stands where gossip does: what is published goes nowhere, what comes is given to the topic. */
  private static final class Wire implements PubSub {
    private final List<Validator> validators = new ArrayList<>();
    private final List<Listener> listeners = new ArrayList<>();

    Verdict say(PeerId from, byte[] data) {
      Verdict verdict = validators.get(0).validate(from, data);
      if (verdict == Verdict.ACCEPT) {
        listeners.get(0).onMessage(from, data);
      }
      return verdict;
    }

    @Override
    public void subscribe(String topic, Validator validator, Listener listener) {
      validators.add(validator);
      listeners.add(listener);
    }

    @Override
    public void unsubscribe(String topic) {
      validators.clear();
    }

    @Override
    public void publish(String topic, byte[] data) {
      // Nobody is there.
    }

    @Override
    public int subscribers(String topic) {
      return 0;
    }

    @Override
    public void admit(Connection connection) {
      // Nobody comes.
    }

    @Override
    public void close() {
      validators.clear();
    }
  }
}
