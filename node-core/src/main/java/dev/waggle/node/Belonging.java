package dev.waggle.node;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.SecretsException;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.Ledger;
import dev.waggle.mesh.swarm.Swarm;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.mesh.swarm.membership.SwarmId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * To which swarm this node belongs, and whether it has the owner's key. Every change is recorded.
 * Thread-safe; methods that change something wait for the disk.
 */
final class Belonging {
  private static final Logger log = LoggerFactory.getLogger(Belonging.class);

  private final IdentityStore secrets;
  private final Ledger ledger;
  private final String name;
  private final Membership membership;

  /** The membership that the store has, or a swarm of one. */
  Belonging(IdentityStore secrets, Ledger ledger, MembershipStore store, String name, Clock clock)
      throws MembershipException, SecretsException {
    this.secrets = secrets;
    this.ledger = ledger;
    this.name = name;
    Membership.Keys keys = new Membership.Keys(secrets.node(), () -> owner(secrets));
    Optional<Membership> known = Membership.load(keys, store, clock);
    if (known.isPresent()) {
      this.membership = known.get();
      return;
    }
    Optional<Identity> kept = secrets.owner();
    Identity owner = kept.isPresent() ? kept.get() : Identity.generate(new SecureRandom());
    if (kept.isEmpty()) {
      secrets.keepOwner(owner);
    }
    this.membership = Membership.found(keys, owner, name, store, clock);
    recordOwn(EntryType.JOIN);
  }

  Membership membership() {
    return membership;
  }

  void label(Swarm swarm, PeerId member, Set<Label> labels) throws MembershipException {
    swarm.label(member, labels);
    recordPolicy("labels of " + member + ": " + String.join(", ", Label.texts(labels)));
  }

  Revocation revoke(Swarm swarm, PeerId peer, String reason, Collection<PeerId> keep)
      throws MembershipException {
    Revocation revocation = swarm.revoke(peer, reason, keep);
    record(EntryType.REVOKE, peer, revocation.bytes());
    return revocation;
  }

  void leave(Swarm swarm, boolean abandon) throws MembershipException {
    if (owns() && !membership.others().isEmpty() && !abandon) {
      throw new MembershipException(
          "this node has the swarm's owner key, and there are others in it (run: waggle owner"
              + " export FILE, then waggle leave --abandon)");
    }
    Identity next = Identity.generate(new SecureRandom());
    try {
      secrets.keepOwner(next);
    } catch (SecretsException e) {
      throw new UncheckedIOException(new IOException(e.getMessage(), e));
    }
    recordOwn(EntryType.LEAVE);
    swarm.leave(next, name);
    recordOwn(EntryType.JOIN);
  }

  CompletableFuture<Void> join(Swarm swarm, Invite invite, Executor blocking) {
    return swarm.join(invite, name).thenRunAsync(this::onJoined, blocking);
  }

  private void onJoined() {
    recordOwn(EntryType.JOIN);
    try {
      if (!owns()) {
        secrets.deleteOwner();
      }
    } catch (SecretsException e) {
      // It owns a swarm that nobody is in any more.
      log.warn("the key of the former swarm is still there: {}", e.getMessage());
    }
  }

  private boolean owns() {
    return owner(secrets)
        .map(key -> SwarmId.ofOwner(key.peerId()))
        .filter(membership.swarm()::equals)
        .isPresent();
  }

  /** The owner key while it is here; what cannot be read counts as not here. */
  private static Optional<Identity> owner(IdentityStore secrets) {
    try {
      return secrets.owner();
    } catch (SecretsException e) {
      log.warn("the owner key cannot be used: {}", e.getMessage());
      return Optional.empty();
    }
  }

  /** Notes that what this node allows was changed. */
  void recordPolicy(String change) {
    record(EntryType.POLICY, self(), change.getBytes(StandardCharsets.UTF_8));
  }

  private PeerId self() {
    return membership.own().leaf().subject();
  }

  private void recordOwn(EntryType type) {
    record(type, self(), membership.own().bytes());
  }

  private void record(EntryType type, PeerId actor, byte[] payload) {
    ledger
        .append(type, actor, payload)
        .exceptionally(
            failure -> {
              log.warn("the ledger has no {} entry: {}", type, failure.getMessage());
              return null;
            });
  }
}
