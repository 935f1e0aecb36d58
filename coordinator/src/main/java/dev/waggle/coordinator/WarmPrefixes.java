package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.RecentMap;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;

/**
 * Which prompts each worker read last for this node, because an engine that still has the beginning
 * of a prompt in its memory need not read that again. Thread-safe.
 *
 * <p>An engine surely has the last prompt; whether it keeps others is its own affair, so they count
 * for less. For the same reason a new conversation drives out the last one where it goes.
 */
final class WarmPrefixes {
  /** For how long an engine keeps what it read, as most do by default. */
  static final Duration KEPT = Duration.ofMinutes(5);

  private static final int MODELS_MAX = 512;
  private static final int PROMPTS_MAX = 8;

  // What is said of all prompts but the last.
  private static final double STILL_THERE = 0.25;

  private record Place(PeerId worker, String digest) {}

  private record Read(PromptChain prompt, Instant at) {}

  private final Clock clock;
  private final Map<Place, Deque<Read>> places = new RecentMap<>(MODELS_MAX);

  WarmPrefixes(Clock clock) {
    this.clock = clock;
  }

  /** The worker read a prompt, and wrote what follows in the chain. */
  synchronized void onRead(PeerId worker, String digest, PromptChain prompt) {
    if (prompt.hashes().isEmpty()) {
      return;
    }
    Deque<Read> known =
        places.computeIfAbsent(new Place(worker, digest), place -> new ArrayDeque<>());
    // A longer turn of the same conversation takes the place of the shorter.
    known.removeIf(each -> isPartOf(each.prompt(), prompt) || isPartOf(prompt, each.prompt()));
    known.addFirst(new Read(prompt, clock.instant()));
    if (known.size() > PROMPTS_MAX) {
      known.removeLast();
    }
  }

  private static boolean isPartOf(PromptChain one, PromptChain other) {
    return one.commonBytes(other) == one.bytes();
  }

  private Deque<Read> kept(PeerId worker, String digest) {
    Deque<Read> known = places.get(new Place(worker, digest));
    if (known == null) {
      return new ArrayDeque<>();
    }
    Instant oldest = clock.instant().minus(KEPT);
    known.removeIf(each -> each.at().isBefore(oldest));
    return known;
  }

  /** How much of a prompt the worker need not read again, in bytes, as far as can be told. */
  synchronized long warmBytes(PeerId worker, String digest, PromptChain prompt) {
    double most = 0;
    double certainty = 1;
    for (Read each : kept(worker, digest)) {
      most = Math.max(most, certainty * each.prompt().commonBytes(prompt));
      certainty = STILL_THERE;
    }
    return (long) most;
  }

  /** How much of another conversation the worker would forget for a prompt, in bytes. */
  synchronized long forgottenBytes(PeerId worker, String digest, PromptChain prompt) {
    Deque<Read> known = kept(worker, digest);
    if (known.isEmpty()) {
      return 0;
    }
    PromptChain last = known.getFirst().prompt();
    return last.bytes() - last.commonBytes(prompt);
  }
}
