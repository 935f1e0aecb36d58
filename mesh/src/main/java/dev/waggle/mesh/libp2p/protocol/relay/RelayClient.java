package dev.waggle.mesh.libp2p.protocol.relay;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.pb.HopMessage;
import dev.waggle.mesh.libp2p.pb.RelayPeer;
import dev.waggle.mesh.libp2p.pb.StopMessage;
import dev.waggle.mesh.libp2p.transport.Link;
import dev.waggle.mesh.libp2p.transport.LinkDialer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reaches peers through relays ({@code /ip4/.../p2p/RELAY/p2p-circuit}) and lets peers reach this
 * host through relays where it has a reservation. Thread-safe; nothing blocks.
 */
public final class RelayClient implements LinkDialer {
  /** The protocol between a relay and the far end of a circuit. */
  public static final String STOP_PROTOCOL = "/libp2p/circuit/relay/0.2.0/stop";

  private static final Logger log = LoggerFactory.getLogger(RelayClient.class);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(15);

  private final Libp2pHost host;
  private final Set<PeerId> reservedAt = java.util.concurrent.ConcurrentHashMap.newKeySet();

  /**
   * A relay's promise to pass circuits on.
   *
   * @param expiry until when; renew it before
   * @param addresses where others reach this host through it, without this host's peer id
   */
  public record Reservation(Instant expiry, List<Multiaddr> addresses) {
    public Reservation {
      addresses = List.copyOf(addresses);
    }
  }

  private RelayClient(Libp2pHost host) {
    this.host = host;
  }

  /** Makes the host dial circuits and take those that come from its relays. */
  public static RelayClient serve(Libp2pHost host) {
    RelayClient client = new RelayClient(host);
    host.addLinks(client);
    host.handle(STOP_PROTOCOL, stream -> client.new Stop());
    return client;
  }

  @Override
  public boolean handles(Multiaddr address) {
    return address.relay().flatMap(Multiaddr::peerId).isPresent();
  }

  @Override
  public CompletableFuture<Link> dial(Multiaddr address, PeerId peer) {
    Multiaddr relay = address.relay().orElseThrow();
    PeerId relayId = relay.peerId().orElseThrow();
    if (relayId.equals(host.peerId()) || relay.isCircuit()) {
      return CompletableFuture.failedFuture(new IOException("no way through this host itself"));
    }
    return host.connectDirectly(relayId, List.of(relay))
        .thenCompose(
            connection -> {
              Hop hop = new Hop();
              ask(
                  connection,
                  hop,
                  HopMessage.newBuilder()
                      .setType(RelayService.CONNECT)
                      .setPeer(RelayPeer.newBuilder().setId(ByteString.copyFrom(peer.multihash())))
                      .build());
              return hop.answer.thenApply(answer -> new StreamLink(hop, answer.stream()));
            });
  }

  /**
   * Asks a connected peer to be this host's relay, or renews that. Fails with an {@link
   * IOException} that says why not.
   */
  public CompletableFuture<Reservation> reserve(Connection relay) {
    Hop hop = new Hop();
    ask(relay, hop, HopMessage.newBuilder().setType(RelayService.RESERVE).build());
    return hop.answer.thenApply(
        answer -> {
          answer.stream().closeWrite();
          reservedAt.add(relay.remotePeer());
          return reservation(relay, answer.message());
        });
  }

  /** A relay that is not used any more; circuits from it are refused. */
  public void forget(PeerId relay) {
    reservedAt.remove(relay);
  }

  private Reservation reservation(Connection relay, HopMessage message) {
    Instant expiry = Instant.ofEpochSecond(message.getReservation().getExpire());
    byte[] sealed = message.getReservation().getVoucher().toByteArray();
    if (sealed.length > 0) {
      try {
        Voucher voucher = Voucher.open(sealed);
        if (!voucher.relay().equals(relay.remotePeer()) || !voucher.peer().equals(host.peerId())) {
          log.debug("{} gave a voucher that is somebody else's", relay);
        }
      } catch (MalformedFrameException e) {
        log.debug("{} gave a bad voucher: {}", relay, e.getMessage());
      }
    }
    List<Multiaddr> addresses = new ArrayList<>();
    if (relay.initiator()) {
      // What worked for this host may work for others.
      addresses.add(relay.remoteAddress().withPeerId(relay.remotePeer()).withCircuit());
    }
    for (ByteString each : message.getReservation().getAddrsList()) {
      Multiaddr.read(each.toByteArray())
          .filter(address -> address.peerId().equals(java.util.Optional.of(relay.remotePeer())))
          .filter(address -> !address.isCircuit() && !address.isLoopback())
          .map(Multiaddr::withCircuit)
          .filter(address -> !addresses.contains(address))
          .ifPresent(addresses::add);
    }
    return new Reservation(expiry, addresses);
  }

  private static void ask(Connection relay, Hop hop, HopMessage message) {
    relay
        .open(List.of(RelayService.HOP_PROTOCOL), hop)
        .whenComplete(
            (stream, failure) -> {
              if (failure != null) {
                hop.onBroken(new IOException("the relay does not serve: " + failure.getMessage()));
              } else {
                FramedReader.send(stream, message);
              }
            });
    hop.answer.orTimeout(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
  }

  private record Answer(Stream stream, HopMessage message) {}

  /** What a relay answers. */
  private static final class Hop extends Conversation {
    final CompletableFuture<Answer> answer = new CompletableFuture<>();

    @Override
    void onMessage(Stream stream, byte[] bytes) throws MalformedFrameException {
      HopMessage message;
      try {
        message = HopMessage.parseFrom(bytes);
      } catch (InvalidProtocolBufferException e) {
        throw new MalformedFrameException("a hop message cannot be read");
      }
      boolean good =
          message.getType() == RelayService.STATUS && message.getStatus() == Status.OK.code;
      if (!good || !answer.complete(new Answer(stream, message))) {
        stream.reset();
        onBroken(new IOException("the relay says: " + Status.describe(message.getStatus())));
      }
    }

    @Override
    void onBroken(IOException cause) {
      answer.completeExceptionally(cause);
    }
  }

  /** What a relay brings. */
  private final class Stop extends Conversation {
    @Override
    void onMessage(Stream stream, byte[] bytes) throws MalformedFrameException {
      PeerId from;
      try {
        StopMessage message = StopMessage.parseFrom(bytes);
        if (message.getType() != RelayService.STOP_CONNECT) {
          refuse(stream, Status.UNEXPECTED_MESSAGE);
          return;
        }
        from = PeerId.ofMultihash(message.getPeer().getId().toByteArray());
      } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
        refuse(stream, Status.MALFORMED_MESSAGE);
        return;
      }
      Connection relay = stream.connection();
      if (!reservedAt.contains(relay.remotePeer()) || relay.isRelayed()) {
        refuse(stream, Status.PERMISSION_DENIED);
        return;
      }
      FramedReader.send(
          stream,
          StopMessage.newBuilder()
              .setType(RelayService.STOP_STATUS)
              .setStatus(Status.OK.code)
              .build());
      host.accept(
              new StreamLink(this, stream),
              relay.remoteAddress().withPeerId(relay.remotePeer()).withCircuit())
          .whenComplete(
              (connection, failure) -> {
                if (failure != null) {
                  log.debug("no circuit from {}: {}", from, failure.getMessage());
                }
              });
    }

    private void refuse(Stream stream, Status why) {
      FramedReader.send(
          stream,
          StopMessage.newBuilder().setType(RelayService.STOP_STATUS).setStatus(why.code).build());
      stream.closeWrite();
    }

    @Override
    void onBroken(IOException cause) {
      log.debug("a circuit ended before it began: {}", cause.getMessage());
    }
  }
}
