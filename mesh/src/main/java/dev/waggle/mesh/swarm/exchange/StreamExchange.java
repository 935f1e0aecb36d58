package dev.waggle.mesh.swarm.exchange;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.swarm.pb.Settle;
import dev.waggle.mesh.swarm.pb.TaskMessage;
import dev.waggle.mesh.swarm.request.Requests;
import java.io.IOException;
import java.nio.ByteBuffer;
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
  private final Members members;
  private final ScheduledExecutorService timer;
  private final Clock clock;

  /** The members that are connected. */
  public interface Members {
    /** The admitted connection to a peer. */
    Optional<Connection> connection(PeerId peer);

    /** What requests to it have to be bound to. */
    Optional<byte[]> bootId(PeerId peer);
  }

  /**
   * Prepares the requester's side.
   *
   * @param swarm the id of the swarm now, 32 bytes
   * @param members those that are connected
   */
  public StreamExchange(
      Identity identity,
      Requests requests,
      Supplier<byte[]> swarm,
      Members members,
      ScheduledExecutorService timer,
      Clock clock) {
    this.identity = identity;
    this.requests = requests;
    this.swarm = swarm;
    this.members = members;
    this.timer = timer;
    this.clock = clock;
  }

  /** Serves the worker's side on the host. */
  public void serve(Host host, TaskServer server) {
    WorkerStream.Context context =
        new WorkerStream.Context(identity, requests, swarm, server, timer, clock);
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
                identity, requests, bootId.get(), swarm.get(), timer, clock),
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
    CompletableFuture<Void> settled = new CompletableFuture<>();
    Optional<Connection> connection = members.connection(worker);
    if (connection.isEmpty()) {
      settled.completeExceptionally(new IOException("not connected"));
      return settled;
    }
    connection
        .get()
        .open(List.of(TaskProtocol.PROTOCOL), new SettleAnswer(settled))
        .thenCompose(
            stream ->
                TaskProtocol.send(
                    stream,
                    TaskMessage.newBuilder()
                        .setSettle(Settle.newBuilder().setReceipt(ByteString.copyFrom(receipt)))
                        .build()))
        .exceptionally(
            failure -> {
              settled.completeExceptionally(failure);
              return null;
            });
    return settled.orTimeout(SETTLE_MAX.toSeconds(), TimeUnit.SECONDS);
  }

  private static final class SettleAnswer implements StreamReader {
    private final CompletableFuture<Void> settled;
    private final FrameAssembler frames = new FrameAssembler(TaskProtocol.TO_REQUESTER_BYTES_MAX);

    SettleAnswer(CompletableFuture<Void> settled) {
      this.settled = settled;
    }

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      try {
        frames.onBytes(bytes, frame -> onMessage(TaskProtocol.parse(frame)));
        stream.closeWrite();
      } catch (MalformedFrameException e) {
        stream.reset();
        settled.completeExceptionally(e);
      }
    }

    private void onMessage(TaskMessage message) throws MalformedFrameException {
      switch (message.getKindCase()) {
        case SETTLED -> settled.complete(null);
        case SETTLE_REFUSED ->
            settled.completeExceptionally(new IOException("the worker refused the receipt"));
        default -> throw new MalformedFrameException("no answer to a settlement");
      }
    }

    @Override
    public void onEnd(Stream stream) {
      settled.completeExceptionally(new IOException("the worker did not acknowledge"));
    }

    @Override
    public void onReset(Stream stream) {
      settled.completeExceptionally(new IOException("the worker did not acknowledge"));
    }
  }
}
