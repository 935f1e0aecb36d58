package dev.waggle.mesh.swarm.membership;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.MemoryMembershipStore;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MembershipTest {
  private static final int ROUNDS = 500;

  /** A member's hello and its first advert come at the same time. */
  @Test
  void remember_byTwoAtOnce_keepsTheAddresses() throws Exception {
    Identity owner = Identity.generate(new SecureRandom());
    Identity node = Identity.generate(new SecureRandom());
    MemoryMembershipStore store = new MemoryMembershipStore();
    Membership membership =
        Membership.found(
            new Membership.Keys(node, () -> Optional.of(owner)),
            owner,
            "node",
            store,
            Clock.systemUTC());
    List<Multiaddr> addresses = List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/4301"));
    CyclicBarrier together = new CyclicBarrier(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        CertificateChain chain =
            CertificateChain.ofOwner(
                owner,
                Identity.generate(new SecureRandom()).peerId(),
                membership.own().leaf().grant(),
                Clock.systemUTC().instant());
        List<Future<?>> both = new ArrayList<>();
        for (List<Multiaddr> said : List.of(List.<Multiaddr>of(), addresses)) {
          both.add(
              threads.submit(
                  () -> {
                    together.await(10, TimeUnit.SECONDS);
                    membership.remember(chain, said);
                    return null;
                  }));
        }
        for (Future<?> each : both) {
          each.get(10, TimeUnit.SECONDS);
        }
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(membership.others()).hasSize(ROUNDS);
    assertThat(membership.others()).allMatch(member -> member.addresses().equals(addresses));
    assertThat(store.members()).hasSize(ROUNDS);
    assertThat(store.members()).allMatch(member -> member.addresses().equals(addresses));
  }
}
