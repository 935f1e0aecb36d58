package dev.waggle.mesh.swarm.membership;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.MemoryMembershipStore;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
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
    for (int round = 0; round < ROUNDS; round++) {
      CertificateChain chain =
          CertificateChain.ofOwner(
              owner,
              Identity.generate(new SecureRandom()).peerId(),
              membership.own().leaf().grant(),
              Clock.systemUTC().instant());
      CompletableFuture<Void> hello =
          CompletableFuture.runAsync(() -> remember(membership, chain, List.of(), together));
      CompletableFuture<Void> advert =
          CompletableFuture.runAsync(() -> remember(membership, chain, addresses, together));
      CompletableFuture.allOf(hello, advert).get(10, TimeUnit.SECONDS);
    }
    assertThat(membership.others()).hasSize(ROUNDS);
    assertThat(membership.others()).allMatch(member -> member.addresses().equals(addresses));
    assertThat(store.members()).hasSize(ROUNDS);
    assertThat(store.members()).allMatch(member -> member.addresses().equals(addresses));
  }

  private static void remember(
      Membership membership,
      CertificateChain chain,
      List<Multiaddr> addresses,
      CyclicBarrier together) {
    try {
      together.await(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    membership.remember(chain, addresses);
  }
}
