package dev.waggle.mesh.swarm.capability;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What a member tells all others of itself, signed by the message that carries it.
 *
 * @param sequence grows with every advert of a member, restarts included
 * @param issued when, by its own clock
 * @param timeToLive how long it counts from its arrival, at most {@link #TIME_TO_LIVE_MAX}; zero is
 *     a good-bye
 * @param chain its certificate, so that members that never met it can check it
 * @param addresses where it listens, at most {@value #ADDRESSES_MAX}
 */
public record Advert(
    long sequence,
    Instant issued,
    Duration timeToLive,
    CertificateChain chain,
    List<Multiaddr> addresses,
    Capability capability) {
  /** The most addresses of one advert. */
  public static final int ADDRESSES_MAX = 16;

  /** The longest time an advert can count. */
  public static final Duration TIME_TO_LIVE_MAX = Duration.ofMinutes(5);

  public Advert {
    addresses = List.copyOf(addresses);
    if (addresses.size() > ADDRESSES_MAX) {
      throw new IllegalArgumentException("at most " + ADDRESSES_MAX + " addresses");
    }
    if (timeToLive.isNegative() || timeToLive.compareTo(TIME_TO_LIVE_MAX) > 0) {
      throw new IllegalArgumentException("a time to live beyond " + TIME_TO_LIVE_MAX);
    }
  }
}
