package dev.waggle.mesh.swarm.control;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.Revocation;
import java.time.Duration;
import java.time.Instant;

/**
 * What a member tells all others, signed by the message that carries it.
 *
 * @param sequence grows with every control message of a member, restarts included
 * @param issued when, by its own clock
 * @param timeToLive how long it counts, at most {@link #TIME_TO_LIVE_MAX}
 * @param chain its certificate, so that members that never met it can check it
 */
public record ControlMessage(
    long sequence, Instant issued, Duration timeToLive, CertificateChain chain, Body body) {
  /** The largest one, in bytes. */
  public static final int BYTES_MAX = Revocation.BYTES_MAX + CertificateChain.BYTES_MAX + 256;

  /** The longest time one can count. */
  public static final Duration TIME_TO_LIVE_MAX = Duration.ofMinutes(5);

  /** What it says. */
  public sealed interface Body {
    /**
     * A peer cannot be reached.
     *
     * @param sequence of the last advert that is known of it; a later one refutes the suspicion
     */
    record Suspicion(PeerId peer, long sequence) implements Body {}

    /** A member is none any more. */
    record Revoked(Revocation revocation) implements Body {}

    /**
     * A member's record tells two stories.
     *
     * @param evidence proves it; at most {@link #EVIDENCE_BYTES_MAX} bytes
     */
    record Forked(byte[] evidence) implements Body {
      /** The longest evidence, in bytes. */
      public static final int EVIDENCE_BYTES_MAX = 4_096;

      public Forked {
        if (evidence.length > EVIDENCE_BYTES_MAX) {
          throw new IllegalArgumentException("evidence is too long");
        }
      }
    }

    /** A member has a newer certificate. */
    record Certified(CertificateChain chain) implements Body {}
  }

  public ControlMessage {
    if (timeToLive.isNegative() || timeToLive.compareTo(TIME_TO_LIVE_MAX) > 0) {
      throw new IllegalArgumentException("a time to live beyond " + TIME_TO_LIVE_MAX);
    }
  }
}
