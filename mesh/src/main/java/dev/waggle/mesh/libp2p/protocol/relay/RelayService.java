package dev.waggle.mesh.libp2p.protocol.relay;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.ConnectionListener;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.pb.HopMessage;
import dev.waggle.mesh.libp2p.pb.RelayLimit;
import dev.waggle.mesh.libp2p.pb.RelayPeer;
import dev.waggle.mesh.libp2p.pb.RelayReservation;
import dev.waggle.mesh.libp2p.pb.StopMessage;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lends this host as a relay to whoever may open its protocol here (the host's gate decides). Takes
 * no reservations and opens no circuits over connections that are relayed themselves. Thread-safe.
 */
public final class RelayService implements ConnectionListener {
  /** The protocol between a client and its relay. */
  public static final String HOP_PROTOCOL = "/libp2p/circuit/relay/0.2.0/hop";

  static final int RESERVE = 0;
  static final int CONNECT = 1;
  static final int STATUS = 2;
  static final int STOP_CONNECT = 0;
  static final int STOP_STATUS = 1;

  /** How long the far end may take to accept a circuit. */
  static final Duration STOP_MAX = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(RelayService.class);
  private static final int ADDRESSES_MAX = 8;

  private final Host host;
  private final Identity identity;
  private final RelayLimits limits;
  private final Supplier<List<Multiaddr>> addresses;
  private final Clock clock;
  private final ReservationTable table;

  private RelayService(
      Host host,
      Identity identity,
      RelayLimits limits,
      Supplier<List<Multiaddr>> addresses,
      Clock clock) {
    this.host = host;
    this.identity = identity;
    this.limits = limits;
    this.addresses = addresses;
    this.clock = clock;
    this.table = new ReservationTable(limits);
  }

  /**
   * Serves as a relay.
   *
   * @param addresses where this host can be reached, without a peer id
   */
  public static RelayService serve(
      Host host,
      Identity identity,
      RelayLimits limits,
      Supplier<List<Multiaddr>> addresses,
      Clock clock) {
    RelayService service = new RelayService(host, identity, limits, addresses, clock);
    host.onConnection(service);
    host.handle(HOP_PROTOCOL, stream -> service.new Hop());
    return service;
  }

  /** How many circuits are open. */
  public synchronized int circuits() {
    return table.circuits();
  }

  @Override
  public void onOpened(Connection connection) {
    // It has to ask for a reservation.
  }

  @Override
  public void onClosed(Connection connection) {
    if (host.connection(connection.remotePeer()).isEmpty()) {
      synchronized (this) {
        table.cancel(connection.remotePeer());
      }
    }
  }

  private static void answer(Stream stream, HopMessage.Builder message) {
    FramedReader.send(stream, message.setType(STATUS).build());
  }

  private static void refuse(Stream stream, Status why) {
    answer(stream, HopMessage.newBuilder().setStatus(why.code));
    stream.closeWrite();
  }

  private void reserve(Stream stream) {
    PeerId peer = stream.connection().remotePeer();
    if (stream.connection().isRelayed()) {
      refuse(stream, Status.PERMISSION_DENIED);
      return;
    }
    Optional<Instant> expiry;
    synchronized (this) {
      expiry = table.reserve(peer, clock.instant());
    }
    if (expiry.isEmpty()) {
      refuse(stream, Status.RESERVATION_REFUSED);
      return;
    }
    RelayReservation.Builder reservation =
        RelayReservation.newBuilder()
            .setExpire(expiry.get().getEpochSecond())
            .setVoucher(
                ByteString.copyFrom(new Voucher(host.peerId(), peer, expiry.get()).seal(identity)));
    addresses.get().stream()
        .limit(ADDRESSES_MAX)
        .map(address -> address.withPeerId(host.peerId()))
        .forEach(address -> reservation.addAddrs(ByteString.copyFrom(address.bytes())));
    HopMessage.Builder reply =
        HopMessage.newBuilder().setStatus(Status.OK.code).setReservation(reservation);
    limit().ifPresent(reply::setLimit);
    answer(stream, reply);
    stream.closeWrite();
    log.debug("{} can be reached through this host until {}", peer, expiry.get());
  }

  private Optional<RelayLimit> limit() {
    if (limits.circuit().isZero() && limits.circuitBytes() == 0) {
      return Optional.empty();
    }
    return Optional.of(
        RelayLimit.newBuilder()
            .setDuration((int) limits.circuit().toSeconds())
            .setData(limits.circuitBytes())
            .build());
  }

  private void connect(Hop hop, Stream stream, PeerId to) {
    PeerId from = stream.connection().remotePeer();
    if (stream.connection().isRelayed()) {
      refuse(stream, Status.PERMISSION_DENIED);
      return;
    }
    Status status;
    synchronized (this) {
      status = table.open(from, to, clock.instant());
    }
    if (status != Status.OK) {
      refuse(stream, status);
      return;
    }
    AtomicBoolean open = new AtomicBoolean(true);
    Runnable close =
        () -> {
          if (open.compareAndSet(true, false)) {
            synchronized (this) {
              table.close(from, to);
            }
          }
        };
    Optional<Connection> target = host.connection(to).filter(each -> !each.isRelayed());
    if (target.isEmpty()) {
      close.run();
      refuse(stream, Status.NO_RESERVATION);
      return;
    }
    Stop stop = new Stop(hop, stream, close);
    target
        .get()
        .open(List.of(RelayClient.STOP_PROTOCOL), stop)
        .whenComplete(
            (opened, failure) -> {
              if (failure != null) {
                stop.onBroken(new IOException(failure));
              } else {
                stop.ask(opened, from);
              }
            });
  }

  /** What a client sends. */
  private final class Hop extends Conversation {
    @Override
    void onMessage(Stream stream, byte[] bytes) throws MalformedFrameException {
      try {
        HopMessage message = HopMessage.parseFrom(bytes);
        if (!message.hasType()) {
          refuse(stream, Status.MALFORMED_MESSAGE);
        } else if (message.getType() == RESERVE) {
          reserve(stream);
        } else if (message.getType() == CONNECT) {
          connect(this, stream, PeerId.ofMultihash(message.getPeer().getId().toByteArray()));
        } else {
          refuse(stream, Status.UNEXPECTED_MESSAGE);
        }
      } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
        refuse(stream, Status.MALFORMED_MESSAGE);
      }
    }

    @Override
    void onBroken(IOException cause) {
      log.debug("a hop ended: {}", cause.getMessage());
    }
  }

  /** The second half of a circuit that is being made. */
  private final class Stop extends Conversation {
    private final Hop hop;
    private final Stream client;
    private final Runnable close;
    private final AtomicBoolean answered = new AtomicBoolean();

    Stop(Hop hop, Stream client, Runnable close) {
      this.hop = hop;
      this.client = client;
      this.close = close;
    }

    void ask(Stream stream, PeerId from) {
      StopMessage.Builder message =
          StopMessage.newBuilder()
              .setType(STOP_CONNECT)
              .setPeer(RelayPeer.newBuilder().setId(ByteString.copyFrom(from.multihash())));
      limit().ifPresent(message::setLimit);
      FramedReader.send(stream, message.build());
      host.scheduler()
          .schedule(
              () -> {
                if (!answered.get()) {
                  stream.reset();
                  onBroken(new IOException("no answer"));
                }
              },
              STOP_MAX.toMillis(),
              TimeUnit.MILLISECONDS);
    }

    @Override
    void onMessage(Stream stream, byte[] bytes) throws MalformedFrameException {
      StopMessage message;
      try {
        message = StopMessage.parseFrom(bytes);
      } catch (InvalidProtocolBufferException e) {
        throw new MalformedFrameException("a stop message cannot be read");
      }
      if (message.getType() != STOP_STATUS || message.getStatus() != Status.OK.code) {
        stream.reset();
        onBroken(new IOException(Status.describe(message.getStatus())));
        return;
      }
      if (!answered.compareAndSet(false, true)) {
        stream.reset();
        return;
      }
      HopMessage.Builder reply = HopMessage.newBuilder().setStatus(Status.OK.code);
      limit().ifPresent(reply::setLimit);
      answer(client, reply);
      Bridge bridge = new Bridge(client, stream, limits.circuitBytes(), close);
      if (!limits.circuit().isZero()) {
        host.scheduler().schedule(bridge::end, limits.circuit().toMillis(), TimeUnit.MILLISECONDS);
      }
      become(stream, bridge.back());
      hop.become(client, bridge.there());
    }

    @Override
    void onBroken(IOException cause) {
      if (answered.compareAndSet(false, true)) {
        log.debug("no circuit: {}", cause.getMessage());
        close.run();
        refuse(client, Status.CONNECTION_FAILED);
      }
    }
  }
}
