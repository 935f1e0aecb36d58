package dev.waggle.mesh.swarm.capability;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Recurring;
import dev.waggle.mesh.libp2p.RisingSequence;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.gossipsub.PubSub;
import dev.waggle.mesh.swarm.membership.ClockSkew;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Role;
import dev.waggle.mesh.swarm.membership.SwarmId;
import dev.waggle.mesh.swarm.wire.AdvertCodec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the swarm what this node can do, and takes in what the others say. An advert goes out every
 * {@link #INTERVAL}, and soon after something changed. Thread-safe; nothing blocks.
 */
public final class Adverts implements AutoCloseable {
  /** How often a node advertises itself when nothing changes. */
  static final Duration INTERVAL = Duration.ofSeconds(10);

  /** How long an advert counts: three of them may be lost. */
  static final Duration TIME_TO_LIVE = Duration.ofSeconds(35);

  /** How long changes are gathered into one advert. */
  static final Duration GATHERING = Duration.ofMillis(100);

  private static final Logger log = LoggerFactory.getLogger(Adverts.class);

  private final PubSub pubSub;
  private final Membership membership;
  private final Supplier<Capability> own;
  private final Supplier<List<Multiaddr>> addresses;
  private final ScheduledExecutorService timer;
  private final Clock clock;
  private final Consumer<Advert> onNews;
  private final PeerTable table;
  private final RisingSequence sequence = new RisingSequence();
  private final AtomicBoolean gathering = new AtomicBoolean();
  private volatile SwarmId subscribed;
  private volatile boolean closed;

  /**
   * Subscribes to the swarm's topic and begins to advertise.
   *
   * @param onNews hears of every verified advert; must not block
   */
  public Adverts(
      PubSub pubSub,
      Membership membership,
      Supplier<Capability> own,
      Supplier<List<Multiaddr>> addresses,
      ScheduledExecutorService timer,
      Clock clock,
      Consumer<Advert> onNews) {
    this.pubSub = pubSub;
    this.membership = membership;
    this.own = own;
    this.addresses = addresses;
    this.timer = timer;
    this.clock = clock;
    this.onNews = onNews;
    this.table = new PeerTable(clock);
    this.subscribed = membership.swarm();
    pubSub.subscribe(topic(subscribed), this::validate, new Incoming());
    Recurring.schedule(timer, INTERVAL, INTERVAL, this::publish);
  }

  private static String topic(SwarmId swarm) {
    return "/waggle/" + swarm + "/capability/1";
  }

  /** The peers, as far as is known. */
  public PeerView peers() {
    return table;
  }

  /** A member is connected, over that address. */
  public void onConnected(PeerId peer, String name, Multiaddr route) {
    table.onConnected(peer, name, route);
    changed();
  }

  /** The connection to a member ended. */
  public void onDisconnected(PeerId peer) {
    table.onDisconnected(peer);
  }

  /** A member is gone: what it said counts no more, until it says something new. */
  public void onGone(PeerId peer) {
    table.onGone(peer);
  }

  /** A round trip to a member was measured. */
  public void onRoundTrip(PeerId peer, Duration roundTrip) {
    table.onRoundTrip(peer, roundTrip);
  }

  /** This node belongs to another swarm now. */
  public synchronized void onSwarmChanged() {
    pubSub.unsubscribe(topic(subscribed));
    table.clear();
    subscribed = membership.swarm();
    pubSub.subscribe(topic(subscribed), this::validate, new Incoming());
    changed();
  }

  /** Something that an advert says is different now: tell the others soon. */
  public void changed() {
    if (!closed && gathering.compareAndSet(false, true)) {
      timer.schedule(
          () -> {
            gathering.set(false);
            publish();
          },
          GATHERING.toMillis(),
          TimeUnit.MILLISECONDS);
    }
  }

  /** Tells the others at once, newer than everything before. */
  public void publish() {
    if (!closed) {
      publish(TIME_TO_LIVE);
    }
  }

  private void publish(Duration timeToLive) {
    Instant now = clock.instant();
    // Beyond every advert of an earlier run, as long as the clock does not go back.
    long next = sequence.next(now);
    List<Multiaddr> listening = addresses.get();
    try {
      pubSub.publish(
          topic(subscribed),
          AdvertCodec.encode(
              new Advert(
                  next,
                  now,
                  timeToLive,
                  membership.own(),
                  listening.subList(0, Math.min(Advert.ADDRESSES_MAX, listening.size())),
                  own.get())));
    } catch (IllegalArgumentException e) {
      log.warn("this node cannot advertise itself: {}", e.getMessage());
    }
  }

  private PubSub.Verdict validate(PeerId from, byte[] data) {
    Advert advert;
    try {
      advert = AdvertCodec.decode(data);
    } catch (MalformedFrameException e) {
      return PubSub.Verdict.REJECT;
    }
    try {
      membership.verify(advert.chain(), from);
    } catch (MembershipException e) {
      log.debug("an advert of {} does not verify: {}", from, e.getMessage());
      return PubSub.Verdict.REJECT;
    }
    if (!advert.capability().models().isEmpty() && !Role.mayWork(advert.chain().leaf().roles())) {
      return PubSub.Verdict.REJECT;
    }
    Instant now = clock.instant();
    return ClockSkew.isCurrent(advert.issued(), Advert.TIME_TO_LIVE_MAX, now)
            && table.isNews(from, advert)
        ? PubSub.Verdict.ACCEPT
        : PubSub.Verdict.IGNORE;
  }

  private final class Incoming implements PubSub.Listener {
    @Override
    public void onMessage(PeerId from, byte[] data) {
      try {
        Advert advert = AdvertCodec.decode(data);
        table.onAdvert(from, advert);
        onNews.accept(advert);
      } catch (MalformedFrameException e) {
        throw new AssertionError("it was validated", e);
      }
    }

    /** An advert before that moment would have missed it. */
    @Override
    public void onSubscriber() {
      changed();
    }
  }

  /** Says good-bye. */
  @Override
  public void close() {
    closed = true;
    publish(Duration.ZERO);
  }
}
