package dev.waggle.mesh.swarm.liveness;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Shuffle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Decides which members are gone (after SWIM, Das et al. 2002, with adverts as incarnations).
 * Performs no I/O and reads no clock.
 *
 * <p>A member that is connected is probed in turn. When it does not answer, or its connection ends,
 * up to {@link #HELPERS} others are asked whether they reach it; when none does, everybody is told
 * of the suspicion. A member that hears itself suspected advertises itself anew, which ends the
 * suspicion everywhere; one that does not is buried after a while. Not thread-safe; times are
 * nanoseconds of one monotonic clock.
 */
final class FailureDetector {
  /** How often a member is probed: one at a time. */
  static final Duration PERIOD = Duration.ofMillis(300);

  /** How many others are asked. */
  static final int HELPERS = 3;

  /** How long they may take. */
  static final Duration HELP_MAX = Duration.ofMillis(600);

  /** The shortest and longest time to wait for the answer to a probe. */
  static final Duration PONG_MIN = Duration.ofMillis(400);

  static final Duration PONG_MAX = Duration.ofSeconds(2);

  /** How long a suspicion lasts in a swarm of ten or fewer; it grows with the logarithm. */
  static final Duration SUSPICION = Duration.ofMillis(1_500);

  /** Whoever answered so lately is not suspected on another's word. */
  static final Duration FRESH = Duration.ofMillis(500);

  private final PeerId self;
  private final RandomGenerator random;
  private final Map<PeerId, Member> members = new LinkedHashMap<>();
  private final List<PeerId> round = new ArrayList<>();
  private final List<Effect> effects = new ArrayList<>();

  private enum State {
    ALIVE,
    PROBED,
    ASKED_FOR,
    SUSPECTED
  }

  private static final class Member {
    State state = State.ALIVE;
    boolean connected;
    long sequence;
    long heardAt;
    long roundTrip;
    int answersDue;
    long deadline;
  }

  FailureDetector(PeerId self, RandomGenerator random) {
    this.self = self;
    this.random = random;
  }

  private List<Effect> drain() {
    List<Effect> drained = List.copyOf(effects);
    effects.clear();
    return drained;
  }

  // ---- evidence of life

  /** A connection with the member is open. */
  List<Effect> onConnected(PeerId peer, long now) {
    Member member = members.computeIfAbsent(peer, id -> new Member());
    member.connected = true;
    heard(member, now);
    return drain();
  }

  /** A newer advert of the member arrived. */
  List<Effect> onAdvert(PeerId peer, long sequence, long now) {
    Member member = members.computeIfAbsent(peer, id -> new Member());
    if (sequence > member.sequence) {
      member.sequence = sequence;
      heard(member, now);
    }
    return drain();
  }

  /** The member answered a probe. */
  List<Effect> onPong(PeerId peer, Duration roundTrip, long now) {
    Member member = members.get(peer);
    if (member != null) {
      member.roundTrip = roundTrip.toNanos();
      heard(member, now);
    }
    return drain();
  }

  private static void heard(Member member, long now) {
    member.state = State.ALIVE;
    member.heardAt = now;
  }

  /** The member said good-bye, or is of no interest any more. */
  List<Effect> onLeft(PeerId peer) {
    members.remove(peer);
    return drain();
  }

  /** All members are others now. */
  void clear() {
    members.clear();
  }

  // ---- evidence of death

  /** The connection with the member ended. */
  List<Effect> onDisconnected(PeerId peer, long now) {
    Member member = members.get(peer);
    if (member != null) {
      member.connected = false;
      if (member.state == State.ALIVE || member.state == State.PROBED) {
        askFor(peer, member, now);
      }
    }
    return drain();
  }

  /** The member did not answer a probe in time. */
  List<Effect> onNoPong(PeerId peer, long now) {
    Member member = members.get(peer);
    if (member != null && member.state == State.PROBED) {
      askFor(peer, member, now);
    }
    return drain();
  }

  private void askFor(PeerId peer, Member member, long now) {
    List<PeerId> helpers = new ArrayList<>();
    members.forEach(
        (id, other) -> {
          if (other.connected && other.state == State.ALIVE && other != member) {
            helpers.add(id);
          }
        });
    Shuffle.shuffle(helpers, random);
    member.state = State.ASKED_FOR;
    member.answersDue = Math.min(HELPERS, helpers.size());
    member.deadline = now + HELP_MAX.toNanos();
    if (member.answersDue == 0) {
      suspectAloud(peer, member, now);
    }
    for (PeerId helper : helpers.subList(0, member.answersDue)) {
      effects.add(new Effect.Ask(helper, peer, HELP_MAX));
    }
  }

  /** A helper reaches the peer, or does not, or did not answer. */
  List<Effect> onHelperSays(PeerId peer, boolean reachable, long now) {
    Member member = members.get(peer);
    if (member != null && member.state == State.ASKED_FOR) {
      if (reachable) {
        heard(member, now);
      } else if (--member.answersDue <= 0) {
        suspectAloud(peer, member, now);
      }
    }
    return drain();
  }

  /**
   * A member suspects a peer.
   *
   * @param sequence of the last advert that it has of the peer
   */
  List<Effect> onSuspicion(PeerId peer, long sequence, long now) {
    if (peer.equals(self)) {
      effects.add(new Effect.Refute());
      return drain();
    }
    Member member = members.get(peer);
    if (member == null || isRefuted(member, sequence, now) || member.state == State.SUSPECTED) {
      return drain();
    }
    suspect(member, now);
    if (member.connected) {
      // This node can find out for itself.
      effects.add(new Effect.Probe(peer, patience(member)));
    }
    return drain();
  }

  private static boolean isRefuted(Member member, long sequence, long now) {
    boolean answeredJustNow = member.connected && now - member.heardAt < FRESH.toNanos();
    return sequence < member.sequence || answeredJustNow;
  }

  /** Whether a suspicion tells something that this node does not know better. */
  boolean isNews(PeerId peer, long sequence, long now) {
    Member member = members.get(peer);
    return peer.equals(self) || (member != null && !isRefuted(member, sequence, now));
  }

  private void suspectAloud(PeerId peer, Member member, long now) {
    suspect(member, now);
    effects.add(new Effect.Suspect(peer, member.sequence));
  }

  private void suspect(Member member, long now) {
    member.state = State.SUSPECTED;
    double growth = Math.max(1, Math.log10(members.size() + 1));
    member.deadline = now + (long) (SUSPICION.toNanos() * growth);
  }

  // ---- time

  /** To be called every {@link #PERIOD}: probes the next, gives up on those whose time is over. */
  List<Effect> onTick(long now) {
    List<PeerId> gone = new ArrayList<>();
    members.forEach(
        (peer, member) -> {
          boolean due = member.deadline - now <= 0;
          if (member.state == State.SUSPECTED && due) {
            gone.add(peer);
          } else if (member.state == State.ASKED_FOR && due) {
            suspectAloud(peer, member, now);
          }
        });
    for (PeerId peer : gone) {
      members.remove(peer);
      effects.add(new Effect.Bury(peer));
    }
    probeNext();
    return drain();
  }

  /** Everybody once, in random order, then again in another one. */
  private void probeNext() {
    for (int pass = 0; pass < 2; pass++) {
      while (!round.isEmpty()) {
        PeerId peer = round.remove(round.size() - 1);
        Member member = members.get(peer);
        if (member != null
            && member.connected
            && (member.state == State.ALIVE || member.state == State.SUSPECTED)) {
          if (member.state == State.ALIVE) {
            member.state = State.PROBED;
          }
          effects.add(new Effect.Probe(peer, patience(member)));
          return;
        }
      }
      round.addAll(members.keySet());
      Shuffle.shuffle(round, random);
    }
  }

  private static Duration patience(Member member) {
    Duration generous = Duration.ofNanos(4 * member.roundTrip).plus(PONG_MIN);
    return generous.compareTo(PONG_MAX) < 0 ? generous : PONG_MAX;
  }
}
