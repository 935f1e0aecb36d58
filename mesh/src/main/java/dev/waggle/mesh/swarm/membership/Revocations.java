package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.membership.Revocation.Authority;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The revocations that this node knows, and what they mean for a certificate. Of several words of
 * one issuer about one peer the last counts. Thread-safe; nothing blocks.
 */
final class Revocations {
  /** The most that are kept of one admin, so that a thief of its key cannot fill the table. */
  static final int OF_ONE_ADMIN_MAX = Membership.MEMBERS_MAX;

  private record Entry(Revocation revocation, Authority authority) {}

  private final Map<PeerId, Map<PeerId, Entry>> bySubject = new HashMap<>();
  private final Map<PeerId, Integer> byIssuer = new HashMap<>();
  private int size;

  /**
   * Adds one that was verified; false if it is known, outdated, or one too many.
   *
   * @param authority as {@link Revocation#verify} gave it
   */
  synchronized boolean add(Revocation revocation, Authority authority) {
    Map<PeerId, Entry> known = bySubject.getOrDefault(revocation.subject(), Map.of());
    Entry before = known.get(revocation.issuer());
    if (before != null) {
      if (!revocation.issued().isAfter(before.revocation().issued())) {
        return false;
      }
    } else {
      int ofIssuer = byIssuer.getOrDefault(revocation.issuer(), 0);
      boolean full = size >= Membership.REVOCATIONS_MAX || ofIssuer >= OF_ONE_ADMIN_MAX;
      if (full && authority != Authority.OWNER) {
        return false;
      }
      byIssuer.merge(revocation.issuer(), 1, Integer::sum);
      size++;
    }
    bySubject
        .computeIfAbsent(revocation.subject(), id -> new HashMap<>())
        .put(revocation.issuer(), new Entry(revocation, authority));
    return true;
  }

  /** Whether adding it would change anything. */
  synchronized boolean isNews(Revocation revocation) {
    Entry known = bySubject.getOrDefault(revocation.subject(), Map.of()).get(revocation.issuer());
    return known == null || revocation.issued().isAfter(known.revocation().issued());
  }

  synchronized List<Revocation> all() {
    List<Revocation> all = new ArrayList<>();
    bySubject.values().forEach(each -> each.values().forEach(one -> all.add(one.revocation())));
    return all;
  }

  synchronized void clear() {
    bySubject.clear();
    byIssuer.clear();
    size = 0;
  }

  /** The latest word that ends a peer's membership, whatever certificate it shows. */
  synchronized Optional<Revocation> latest(PeerId peer) {
    Revocation latest = null;
    for (Entry each : bySubject.getOrDefault(peer, Map.of()).values()) {
      if (!isVoid(each)
          && (latest == null || each.revocation().issued().isAfter(latest.issued()))) {
        latest = each.revocation();
      }
    }
    return Optional.ofNullable(latest);
  }

  /** What a chain is void for, if it is. */
  synchronized Optional<Revocation> covering(CertificateChain chain) {
    List<Certificate> certificates = chain.certificates();
    for (int i = 0; i < certificates.size(); i++) {
      Certificate certificate = certificates.get(i);
      for (Entry each : bySubject.getOrDefault(certificate.subject(), Map.of()).values()) {
        boolean covered =
            i == 0
                ? coversMember(each, certificate)
                : coversIssuer(each, certificate, certificates.get(i - 1));
        if (covered && !isVoid(each)) {
          return Optional.of(each.revocation());
        }
      }
    }
    return Optional.empty();
  }

  private static boolean coversMember(Entry entry, Certificate certificate) {
    boolean mayRevoke =
        entry.authority() != Authority.ADMIN || !certificate.roles().contains(Role.ADMIN);
    return mayRevoke && isOfThatTime(entry, certificate);
  }

  private static boolean coversIssuer(Entry entry, Certificate admin, Certificate issued) {
    if (!isOfThatTime(entry, admin)) {
      return false;
    }
    return switch (entry.authority()) {
      case OWNER -> !entry.revocation().leavesStanding(issued.serial());
      // Who has left lets nobody in any more.
      case SELF -> issued.notBefore().isAfter(entry.revocation().issued());
      case ADMIN -> false;
    };
  }

  private static boolean isOfThatTime(Entry entry, Certificate certificate) {
    Instant begin = certificate.notBefore();
    return !begin.isAfter(entry.revocation().issued());
  }

  /** An admin's word goes with the admin, unless the owner lets it stand. */
  private boolean isVoid(Entry entry) {
    if (entry.authority() != Authority.ADMIN) {
      return false;
    }
    Certificate admin = entry.revocation().chain().orElseThrow().leaf();
    ByteString id = entry.revocation().id();
    return bySubject.getOrDefault(admin.subject(), Map.of()).values().stream()
        .anyMatch(
            each ->
                each.authority() == Authority.OWNER
                    && isOfThatTime(each, admin)
                    && !each.revocation().leavesStanding(id));
  }
}
