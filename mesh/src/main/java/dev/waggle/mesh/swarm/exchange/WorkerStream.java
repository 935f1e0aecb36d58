package dev.waggle.mesh.swarm.exchange;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.ClaimKey;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Envelope;
import dev.waggle.crypto.EnvelopeException;
import dev.waggle.crypto.EnvelopeHeader;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.ResultSealer;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.pb.Accept;
import dev.waggle.mesh.swarm.pb.Beat;
import dev.waggle.mesh.swarm.pb.Decline;
import dev.waggle.mesh.swarm.pb.OfferMessage;
import dev.waggle.mesh.swarm.pb.RequestRefused;
import dev.waggle.mesh.swarm.pb.Sealed;
import dev.waggle.mesh.swarm.pb.SettleRefused;
import dev.waggle.mesh.swarm.pb.Settled;
import dev.waggle.mesh.swarm.pb.SignedRequest;
import dev.waggle.mesh.swarm.pb.TaskMessage;
import dev.waggle.mesh.swarm.request.RequestRefusedException;
import dev.waggle.mesh.swarm.request.Requests;
import dev.waggle.mesh.swarm.wire.AbilityCodes;
import dev.waggle.mesh.swarm.wire.Codes;
import dev.waggle.mesh.swarm.wire.ExchangeCodec;
import dev.waggle.mesh.swarm.wire.SpecCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream of the task exchange as its worker serves it: a single offer with all that follows, or
 * a single settlement. The lock guards the state; the port is called under it, which is safe
 * because its methods do not block and never wait for another thread that needs this lock.
 */
final class WorkerStream implements StreamReader, ResultSink {
  private static final Logger log = LoggerFactory.getLogger(WorkerStream.class);
  private static final SecureRandom RANDOM = new SecureRandom();

  /** What every stream of a node shares. */
  record Context(
      Identity identity,
      Requests requests,
      Supplier<byte[]> swarm,
      TaskServer server,
      Conduct conduct,
      ScheduledExecutorService timer,
      Clock clock) {}

  private enum State {
    FRESH,
    CLAIMED,
    RUNNING,
    SETTLING,
    ENDED
  }

  private final Context context;
  private final Stream stream;
  private final FrameAssembler frames = new FrameAssembler(TaskProtocol.TO_WORKER_BYTES_MAX);
  private State state = State.FRESH;
  private @Nullable TaskId task;
  private @Nullable Requirements offered;
  private @Nullable ClaimId claim;
  private @Nullable ClaimKey key;
  private @Nullable ResultSealer sealer;
  private CompletableFuture<Void> written = CompletableFuture.completedFuture(null);
  private @Nullable Future<?> deadline;
  private @Nullable Future<?> beats;

  WorkerStream(Context context, Stream stream) {
    this.context = context;
    this.stream = stream;
  }

  @Override
  public synchronized void onData(Stream from, ByteBuffer bytes) {
    if (state == State.ENDED) {
      return; // What was on its way when it ended.
    }
    try {
      frames.onBytes(bytes, frame -> onMessage(TaskProtocol.parse(frame)));
    } catch (MalformedFrameException e) {
      log.debug("task exchange with {}: {}", stream.connection(), e.getMessage());
      context.conduct().observe(requester(), Fault.MALFORMED);
      stream.reset();
      abandon(/* lost= */ false);
    }
  }

  private void onMessage(TaskMessage message) throws MalformedFrameException {
    switch (message.getKindCase()) {
      case OFFER -> onOffer(message.getOffer());
      case ASSIGN -> onAssign(message.getAssign().getEnvelope().toByteArray());
      case RENEW -> {
        if (state == State.RUNNING) {
          setDeadline(TaskProtocol.LEASE);
        }
      }
      case CANCEL -> {
        abandon(/* lost= */ false);
        stream.reset();
      }
      case SETTLE -> onSettle(message.getSettle().getReceipt().toByteArray());
      default -> throw new MalformedFrameException("a task message that is not for a worker");
    }
  }

  private void onOffer(SignedRequest request) throws MalformedFrameException {
    requireFresh();
    Offer offer;
    try {
      OfferMessage message =
          OfferMessage.parseFrom(
              context.requests().open(TaskProtocol.PROTOCOL, requester(), request));
      offer =
          new Offer(
              new TaskId(message.getTask()),
              new Requirements(
                  message.getModel(),
                  Label.all(message.getLabelsList(), Label.OF_REQUEST_MAX),
                  AbilityCodes.decode(message.getAbilitiesList())),
              message.getSizeBucket(),
              Duration.ofMillis(message.getPatienceMs()),
              Codes.find(Priority.class, message.getPriority()).orElse(Priority.NORMAL));
    } catch (RequestRefusedException e) {
      refuse(e);
      return;
    } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
      throw new MalformedFrameException("an offer cannot be read");
    }
    OfferReply reply = context.server().onOffer(requester(), offer);
    if (reply instanceof OfferReply.Accepted accepted) {
      offered = offer.requirements();
      accept(offer.task(), accepted);
    } else if (reply instanceof OfferReply.Declined declined) {
      state = State.ENDED;
      TaskProtocol.send(
          stream,
          TaskMessage.newBuilder()
              .setDecline(
                  Decline.newBuilder()
                      .setReason(Codes.of(OfferReply.Reason.class, declined.reason()))
                      .setRetryAfterMs(declined.retryAfter().toMillis()))
              .build());
      stream.closeWrite();
    }
  }

  private void refuse(RequestRefusedException cause) {
    log.debug("an offer of {}: {}", requester(), cause.getMessage());
    if (cause.reason() == RequestRefusedException.Reason.REPLAYED) {
      context.conduct().observe(requester(), Fault.REPLAY);
    }
    state = State.ENDED;
    TaskProtocol.send(
        stream,
        TaskMessage.newBuilder()
            .setRefused(
                RequestRefused.newBuilder()
                    .setReason(cause.reason().code())
                    .setTimeMs(cause.time().toEpochMilli()))
            .build());
    stream.closeWrite();
  }

  private void accept(TaskId of, OfferReply.Accepted accepted) {
    ClaimKey fresh = ClaimKey.generate(RANDOM);
    state = State.CLAIMED;
    task = of;
    claim = accepted.claim();
    key = fresh;
    Instant expiry =
        Instant.ofEpochMilli(
            context.clock().instant().plus(TaskProtocol.KEY_VALIDITY).toEpochMilli());
    ClaimPromise promise =
        ClaimPromise.sign(
            context.identity(),
            context.swarm().get(),
            of.value(),
            accepted.claim().value(),
            requester(),
            expiry,
            fresh.publicKey(),
            accepted.model().name(),
            accepted.model().digest());
    TaskProtocol.send(
        stream,
        TaskMessage.newBuilder()
            .setAccept(
                Accept.newBuilder()
                    .setClaim(accepted.claim().value())
                    .setLeaseMs(accepted.lease().toMillis())
                    .setQueuePosition(accepted.queuePosition())
                    .setKey(ByteString.copyFrom(promise.publicKey()))
                    .setKeyExpiryMs(expiry.toEpochMilli())
                    .setModel(accepted.model().name())
                    .setModelDigest(accepted.model().digest())
                    .setEtaMs(accepted.eta().toMillis())
                    .setSignature(ByteString.copyFrom(promise.signature())))
            .build());
    setDeadline(TaskProtocol.ASSIGN_MAX);
  }

  private void onAssign(byte[] envelope) throws MalformedFrameException {
    if (state != State.CLAIMED || task == null || claim == null || key == null) {
      throw new MalformedFrameException("an assignment without a claim");
    }
    Instant now = context.clock().instant();
    EnvelopeHeader expected =
        new EnvelopeHeader(
            context.swarm().get(),
            task.value(),
            claim.value(),
            requester(),
            context.identity().peerId(),
            now);
    Envelope.Opened opened;
    try {
      opened = Envelope.open(envelope, key, expected, now);
    } catch (EnvelopeException e) {
      throw new MalformedFrameException(String.valueOf(e.getMessage()));
    }
    key.close();
    TaskSpec spec = SpecCodec.decode(opened.plaintext());
    if (!spec.requirements().equals(offered)) {
      throw new MalformedFrameException("the task is another than was offered");
    }
    sealer = opened.sealer();
    state = State.RUNNING;
    setDeadline(TaskProtocol.LEASE);
    long beat = ResultListener.BEAT_INTERVAL.toMillis();
    beats = context.timer().scheduleAtFixedRate(this::beat, beat, beat, TimeUnit.MILLISECONDS);
    context
        .server()
        .onAssign(
            new Assignment(
                task,
                claim,
                requester(),
                spec,
                SpecCodec.decodePart(opened.plaintext()),
                Envelope.hash(envelope)),
            this);
  }

  private synchronized void beat() {
    if (state == State.RUNNING && claim != null) {
      say(context.server().progress(claim));
    }
  }

  @Override
  public synchronized void running() {
    if (state == State.RUNNING) {
      say(Progress.RUNNING);
    }
  }

  private void say(Progress progress) {
    TaskProtocol.send(
        stream,
        TaskMessage.newBuilder()
            .setBeat(
                Beat.newBuilder()
                    .setRunning(progress.running())
                    .setQueuePosition(progress.queuePosition())
                    .setEtaMs(progress.eta().toMillis()))
            .build());
  }

  @Override
  public synchronized CompletableFuture<Void> chunk(Chunk chunk) {
    if (state != State.RUNNING || sealer == null) {
      return CompletableFuture.failedFuture(new IOException("the requester is gone"));
    }
    try {
      byte[] sealed = sealer.seal(ExchangeCodec.encode(chunk));
      CompletableFuture<Void> before = written;
      written =
          TaskProtocol.send(
              stream,
              TaskMessage.newBuilder()
                  .setChunk(Sealed.newBuilder().setBytes(ByteString.copyFrom(sealed)))
                  .build());
      return before;
    } catch (EnvelopeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public synchronized void finish(TaskResult result) {
    if (state != State.RUNNING || sealer == null) {
      return;
    }
    try {
      byte[] sealed = sealer.sealFinal(ExchangeCodec.encode(result));
      TaskProtocol.send(
          stream,
          TaskMessage.newBuilder()
              .setFinal(Sealed.newBuilder().setBytes(ByteString.copyFrom(sealed)))
              .build());
      stream.closeWrite();
    } catch (EnvelopeException e) {
      log.debug("a result could not be sealed: {}", e.getMessage());
      stream.reset();
    }
    end();
  }

  private void onSettle(byte[] receipt) throws MalformedFrameException {
    requireFresh();
    state = State.SETTLING;
    context
        .server()
        .onSettle(requester(), receipt)
        .whenComplete(
            (settled, failure) -> {
              TaskMessage.Builder answer = TaskMessage.newBuilder();
              if (failure == null) {
                answer.setSettled(Settled.getDefaultInstance());
              } else {
                log.debug("a receipt was refused: {}", failure.getMessage());
                if (failure instanceof MalformedFrameException) {
                  context.conduct().observe(requester(), Fault.FALSE_RECEIPT);
                }
                answer.setSettleRefused(SettleRefused.getDefaultInstance());
              }
              TaskProtocol.send(stream, answer.build());
              stream.closeWrite();
            });
  }

  @Override
  public void onEnd(Stream from) {
    // A requester may stop writing while it reads the result; its renewals say that it lives.
  }

  @Override
  public synchronized void onReset(Stream from) {
    abandon(/* lost= */ true);
  }

  private void requireFresh() throws MalformedFrameException {
    if (state != State.FRESH) {
      throw new MalformedFrameException("a second offer or settlement on one stream");
    }
  }

  private PeerId requester() {
    return stream.connection().remotePeer();
  }

  private void setDeadline(Duration time) {
    if (deadline != null) {
      deadline.cancel(false);
    }
    deadline = context.timer().schedule(this::onDeadline, time.toMillis(), TimeUnit.MILLISECONDS);
  }

  private synchronized void onDeadline() {
    if (state == State.CLAIMED || state == State.RUNNING) {
      log.debug("claim {} ran out", claim);
      if (state == State.CLAIMED) {
        context.conduct().observe(requester(), Fault.IDLE_CLAIM);
      }
      stream.reset();
      abandon(/* lost= */ true);
    }
  }

  /** The requester wants no more, or is lost. */
  private void abandon(boolean lost) {
    boolean held = state == State.CLAIMED || state == State.RUNNING;
    ClaimId given = claim;
    end();
    if (held && given != null) {
      if (lost) {
        context.server().onLost(given);
      } else {
        context.server().onCancel(given);
      }
    }
  }

  private void end() {
    state = State.ENDED;
    if (deadline != null) {
      deadline.cancel(false);
    }
    if (beats != null) {
      beats.cancel(false);
    }
    if (key != null) {
      key.close();
    }
    if (sealer != null) {
      sealer.erase();
    }
  }
}
