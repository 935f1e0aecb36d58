package dev.waggle.mesh.swarm.control;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.RecentMap;
import dev.waggle.mesh.libp2p.RisingSequence;
import dev.waggle.mesh.libp2p.protocol.gossipsub.PubSub;
import dev.waggle.mesh.swarm.membership.ClockSkew;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.SwarmId;
import dev.waggle.mesh.swarm.wire.ControlCodec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The swarm's topic {@code /waggle/{swarm}/control/1}. What a member says reaches all others; what
 * is not a member's, too old, said before or too much is not passed on. Thread-safe; nothing
 * blocks.
 */
public final class ControlTopic {
  /** How long a message counts. */
  static final Duration TIME_TO_LIVE = Duration.ofSeconds(30);

  /** The most messages of one member in {@link #RATE_PERIOD}; more are dropped. */
  static final int RATE_MAX = 50;

  static final Duration RATE_PERIOD = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(ControlTopic.class);

  private final PubSub pubSub;
  private final Membership membership;
  private final Clock clock;
  private final Listener listener;
  private final RisingSequence sequence = new RisingSequence();
  private final Map<PeerId, Author> authors = new RecentMap<>(Membership.MEMBERS_MAX);
  private SwarmId subscribed;

  /** Hears what members say. Must not block. */
  public interface Listener {
    /** Whether it is worth passing on. */
    boolean isNews(PeerId from, ControlMessage.Body body);

    /** A member says something. */
    void onMessage(PeerId from, ControlMessage.Body body);
  }

  private static final class Author {
    final ReplayWindow window = new ReplayWindow();
    Instant period = Instant.MIN;
    int said;
  }

  /** Subscribes to the topic. */
  public ControlTopic(PubSub pubSub, Membership membership, Clock clock, Listener listener) {
    this.pubSub = pubSub;
    this.membership = membership;
    this.clock = clock;
    this.listener = listener;
    this.subscribed = membership.swarm();
    pubSub.subscribe(topic(subscribed), this::validate, this::onMessage);
  }

  private static String topic(SwarmId swarm) {
    return "/waggle/" + swarm + "/control/1";
  }

  /** This node belongs to another swarm now. */
  public synchronized void onSwarmChanged() {
    pubSub.unsubscribe(topic(subscribed));
    subscribed = membership.swarm();
    authors.clear();
    pubSub.subscribe(topic(subscribed), this::validate, this::onMessage);
  }

  /** Tells all other members. */
  public void say(ControlMessage.Body body) {
    Instant now = clock.instant();
    long next = sequence.next(now);
    pubSub.publish(
        topic(membership.swarm()),
        ControlCodec.encode(new ControlMessage(next, now, TIME_TO_LIVE, membership.own(), body)));
  }

  private PubSub.Verdict validate(PeerId from, byte[] data) {
    Optional<ControlMessage> decoded;
    try {
      decoded = ControlCodec.decode(data);
    } catch (MalformedFrameException e) {
      return PubSub.Verdict.REJECT;
    }
    if (decoded.isEmpty()) {
      return PubSub.Verdict.IGNORE;
    }
    ControlMessage message = decoded.get();
    try {
      membership.verify(message.chain(), from);
    } catch (MembershipException e) {
      log.debug("a control message of {} does not verify: {}", from, e.getMessage());
      return PubSub.Verdict.REJECT;
    }
    Instant now = clock.instant();
    return ClockSkew.isCurrent(message.issued(), message.timeToLive(), now)
            && mayTake(from, message.sequence(), now)
            && listener.isNews(from, message.body())
        ? PubSub.Verdict.ACCEPT
        : PubSub.Verdict.IGNORE;
  }

  private synchronized boolean mayTake(PeerId from, long number, Instant now) {
    Author author = authors.computeIfAbsent(from, id -> new Author());
    if (now.isAfter(author.period.plus(RATE_PERIOD)) || now.isBefore(author.period)) {
      author.period = now;
      author.said = 0;
    }
    return author.window.take(number) && ++author.said <= RATE_MAX;
  }

  private void onMessage(PeerId from, byte[] data) {
    try {
      ControlCodec.decode(data).ifPresent(message -> listener.onMessage(from, message.body()));
    } catch (MalformedFrameException e) {
      throw new AssertionError("it was validated", e);
    }
  }
}
