package dev.waggle.mesh.swarm.exchange;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.Inquiry;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.membership.ConnectedMembers;
import dev.waggle.mesh.swarm.pb.Settle;
import dev.waggle.mesh.swarm.pb.TaskMessage;
import dev.waggle.mesh.swarm.request.Requests;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The exchange with other nodes, on streams of admitted connections. */
public final class StreamExchange implements Exchange {
  private static final Duration SETTLE_MAX = Duration.ofSeconds(10);

  private final Identity identity;
  private final Requests requests;
  private final Supplier<byte[]> swarm;
  private final ConnectedMembers members;
  private final Conduct conduct;
  private final ScheduledExecutorService timer;
  private final Clock clock;

  /**
   * Prepares the requester's side.
   *
   * @param swarm the id of the swarm now, 32 bytes
   * @param members those that are connected
   * @param conduct hears of their faults
   */
  public StreamExchange(
      Identity identity,
      Requests requests,
      Supplier<byte[]> swarm,
      ConnectedMembers members,
      Conduct conduct,
      ScheduledExecutorService timer,
      Clock clock) {
    this.identity = identity;
    this.requests = requests;
    this.swarm = swarm;
    this.members = members;
    this.conduct = conduct;
    this.timer = timer;
    this.clock = clock;
  }

  /** Serves the worker's side on the host. */
  public void serve(Host host, TaskServer server) {
    WorkerStream.Context context =
        new WorkerStream.Context(identity, requests, swarm, server, conduct, timer, clock);
    host.handle(TaskProtocol.PROTOCOL, stream -> new WorkerStream(context, stream));
  }

  @Override
  public CompletableFuture<OfferOutcome> offer(PeerId worker, Offer offer) {
    CompletableFuture<OfferOutcome> outcome = new CompletableFuture<>();
    Optional<Connection> connection = members.connection(worker);
    Optional<byte[]> bootId = members.bootId(worker);
    if (connection.isEmpty() || bootId.isEmpty()) {
      outcome.completeExceptionally(new IOException("not connected"));
      return outcome;
    }
    RequesterStream requester =
        new RequesterStream(
            new RequesterStream.Context(
                identity, requests, bootId.get(), swarm.get(), conduct, timer, clock),
            worker,
            offer,
            outcome);
    connection
        .get()
        .open(List.of(TaskProtocol.PROTOCOL), requester)
        .whenComplete(
            (stream, failure) -> {
              if (failure == null) {
                requester.begin(stream);
              } else {
                outcome.completeExceptionally(failure);
              }
            });
    var timeout =
        timer.schedule(
            () ->
                outcome.completeExceptionally(
                    new IOException(
                        "no answer to an offer within " + OFFER_TIMEOUT.toSeconds() + " s")),
            OFFER_TIMEOUT.toMillis(),
            TimeUnit.MILLISECONDS);
    outcome.whenComplete(
        (answer, failure) -> {
          timeout.cancel(false);
          if (failure != null) {
            requester.withdraw();
          }
        });
    return outcome;
  }

  @Override
  public CompletableFuture<Void> settle(PeerId worker, byte[] receipt) {
    Optional<Connection> connection = members.connection(worker);
    if (connection.isEmpty()) {
      return CompletableFuture.failedFuture(new IOException("not connected"));
    }
    return Inquiry.ask(
            connection.get(),
            TaskProtocol.PROTOCOL,
            TaskMessage.newBuilder()
                .setSettle(Settle.newBuilder().setReceipt(ByteString.copyFrom(receipt)))
                .build(),
            TaskProtocol.TO_REQUESTER_BYTES_MAX,
            StreamExchange::isSettled,
            SETTLE_MAX)
        .thenCompose(
            taken ->
                taken
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.failedFuture(
                        new IOException("the worker refused the receipt")));
  }

  private static boolean isSettled(byte[] frame) throws MalformedFrameException {
    return switch (TaskProtocol.parse(frame).getKindCase()) {
      case SETTLED -> true;
      case SETTLE_REFUSED -> false;
      default -> throw new MalformedFrameException("no answer to a settlement");
    };
  }
}
