package dev.waggle.mesh.swarm.conduct;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.RecentMap;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What this node itself saw of others' faults, as a score that halves every {@link #HALF_LIFE}. Who
 * reaches {@link #SHUNNED_FROM} gets no tasks of this node and none of its places until the score
 * is below {@link #WELCOME_BELOW} again: nobody is shunned for a single fault, and nobody for ever.
 * What others say of a peer does not count. Thread-safe; nothing blocks.
 */
public final class Conduct {
  /** How long it takes until half is forgotten. */
  public static final Duration HALF_LIFE = Duration.ofMinutes(10);

  /** The score from which a peer is shunned. */
  public static final double SHUNNED_FROM = 10;

  /** The score below which it is so no more. */
  public static final double WELCOME_BELOW = 5;

  // Whatever somebody does, it is over half an hour after the last of it.
  private static final double SCORE_MAX = 4 * SHUNNED_FROM;
  private static final int PEERS_MAX = 1_024;

  private final Clock clock;
  private final Consumer<Observed> onFault;
  private final Map<PeerId, Entry> entries = new RecentMap<>(PEERS_MAX);

  private static final class Entry {
    double score;
    Instant at = Instant.EPOCH;
    boolean shunned;
  }

  /**
   * A fault that was seen.
   *
   * @param evidence signed bytes that prove it to others; empty where nothing does
   */
  public record Observed(PeerId peer, Fault fault, Instant time, byte[] evidence) {}

  /**
   * How a peer stands.
   *
   * @param score 0 or more
   * @param shunnedUntil when that ends if nothing else happens; empty when it is not shunned
   */
  public record Standing(PeerId peer, double score, Optional<Instant> shunnedUntil) {}

  /**
   * @param onFault hears of each; must not block
   */
  public Conduct(Clock clock, Consumer<Observed> onFault) {
    this.clock = clock;
    this.onFault = onFault;
  }

  /** A peer did what no honest node does; nothing proves it to others. */
  public void observe(PeerId peer, Fault fault) {
    observe(peer, fault, new byte[0]);
  }

  /**
   * A peer did what no honest node does.
   *
   * @param evidence signed bytes that prove it to others; empty where nothing does
   */
  public void observe(PeerId peer, Fault fault, byte[] evidence) {
    Instant now = clock.instant();
    synchronized (this) {
      Entry entry = entries.computeIfAbsent(peer, id -> new Entry());
      decay(entry, now);
      entry.score = Math.min(SCORE_MAX, entry.score + fault.weight());
      entry.shunned |= entry.score >= SHUNNED_FROM;
    }
    onFault.accept(new Observed(peer, fault, now, evidence));
  }

  /** How a peer stands now. */
  public synchronized Standing standing(PeerId peer) {
    Entry entry = entries.get(peer);
    return entry == null ? new Standing(peer, 0, Optional.empty()) : standing(peer, entry);
  }

  /** How those stand that had faults lately. */
  public synchronized List<Standing> standings() {
    List<Standing> all = new ArrayList<>();
    entries.forEach((peer, entry) -> all.add(standing(peer, entry)));
    return all;
  }

  /** Forgets what a peer did: people have settled it. */
  public synchronized void forgive(PeerId peer) {
    entries.remove(peer);
  }

  private Standing standing(PeerId peer, Entry entry) {
    Instant now = clock.instant();
    decay(entry, now);
    if (!entry.shunned) {
      return new Standing(peer, entry.score, Optional.empty());
    }
    double halves = Math.log(entry.score / WELCOME_BELOW) / Math.log(2);
    Duration left = Duration.ofMillis((long) Math.ceil(halves * HALF_LIFE.toMillis()));
    return new Standing(peer, entry.score, Optional.of(now.plus(left)));
  }

  private static void decay(Entry entry, Instant now) {
    double halves =
        Math.max(0, (double) Duration.between(entry.at, now).toMillis() / HALF_LIFE.toMillis());
    entry.score *= Math.pow(0.5, halves);
    entry.at = now;
    entry.shunned &= entry.score >= WELCOME_BELOW;
  }
}
