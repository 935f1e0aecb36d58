package dev.waggle.mesh.swarm.exchange;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Envelope;
import dev.waggle.crypto.EnvelopeException;
import dev.waggle.crypto.EnvelopeHeader;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.ResultOpener;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.membership.ClockSkew;
import dev.waggle.mesh.swarm.pb.Accept;
import dev.waggle.mesh.swarm.pb.Assign;
import dev.waggle.mesh.swarm.pb.Beat;
import dev.waggle.mesh.swarm.pb.Cancel;
import dev.waggle.mesh.swarm.pb.OfferMessage;
import dev.waggle.mesh.swarm.pb.Renew;
import dev.waggle.mesh.swarm.pb.RequestRefused;
import dev.waggle.mesh.swarm.pb.TaskMessage;
import dev.waggle.mesh.swarm.request.RequestRefusedException;
import dev.waggle.mesh.swarm.request.Requests;
import dev.waggle.mesh.swarm.wire.AbilityCodes;
import dev.waggle.mesh.swarm.wire.Codes;
import dev.waggle.mesh.swarm.wire.ExchangeCodec;
import dev.waggle.mesh.swarm.wire.SpecCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One stream of the task exchange as its requester drives it: one offer and all that follows. */
final class RequesterStream implements StreamReader, HeldClaim {
  private static final Logger log = LoggerFactory.getLogger(RequesterStream.class);

  /** How many bytes may come while somebody is busy with a chunk until no more are read. */
  private static final int WAITING_BYTES_MAX = 16 << 10;

  /** What every stream of a node shares. */
  record Context(
      Identity identity,
      Requests requests,
      byte[] workerBootId,
      byte[] swarm,
      Conduct conduct,
      ScheduledExecutorService timer,
      Clock clock) {}

  private enum State {
    OFFERED,
    HELD,
    ASSIGNED,
    ENDED
  }

  private final Context context;
  private final PeerId worker;
  private final Offer offer;
  private final CompletableFuture<OfferOutcome> outcome;
  private final FrameAssembler frames = new FrameAssembler(TaskProtocol.TO_REQUESTER_BYTES_MAX);
  private final Queue<TaskMessage> inbox = new ArrayDeque<>();
  private State state = State.OFFERED;
  private boolean delivering;
  private int waitingBytes;
  private boolean workerEnded;
  private long heardNanos;
  private @Nullable Stream stream;
  private OfferReply.@Nullable Accepted acceptance;
  private @Nullable ClaimPromise promise;
  private @Nullable ResultListener listener;
  private @Nullable ResultOpener opener;
  private @Nullable Future<?> silence;
  private @Nullable Future<?> renewals;

  RequesterStream(
      Context context, PeerId worker, Offer offer, CompletableFuture<OfferOutcome> outcome) {
    this.context = context;
    this.worker = worker;
    this.offer = offer;
    this.outcome = outcome;
  }

  /** The stream is open: make the offer, unless it was withdrawn meanwhile. */
  synchronized void begin(Stream opened) {
    stream = opened;
    if (state != State.OFFERED || outcome.isDone()) {
      opened.reset();
      state = State.ENDED;
      return;
    }
    TaskProtocol.send(
        opened,
        TaskMessage.newBuilder()
            .setOffer(
                context
                    .requests()
                    .sign(
                        TaskProtocol.PROTOCOL,
                        worker,
                        context.workerBootId(),
                        OfferMessage.newBuilder()
                            .setTask(offer.task().value())
                            .setModel(offer.requirements().model())
                            .addAllLabels(Label.texts(offer.requirements().labels()))
                            .setSizeBucket(offer.taskBytes())
                            .setPatienceMs(offer.patience().toMillis())
                            .addAllAbilities(AbilityCodes.encode(offer.requirements().abilities()))
                            .setPriority(Codes.of(Priority.class, offer.priority()))
                            .build()
                            .toByteArray()))
            .build());
  }

  /** Nobody wants the answer to the offer any more. */
  synchronized void withdraw() {
    if (state == State.OFFERED) {
      endWith(true);
    }
  }

  @Override
  public synchronized void onData(Stream from, ByteBuffer bytes) {
    if (state == State.ENDED) {
      return; // What was on its way when it ended.
    }
    int length = bytes.remaining();
    try {
      frames.onBytes(bytes, frame -> inbox.add(TaskProtocol.parse(frame)));
      drain();
    } catch (MalformedFrameException e) {
      wrong(e);
      return;
    }
    if (delivering) {
      waitingBytes += length;
      if (waitingBytes > WAITING_BYTES_MAX) {
        // A slow reader: stop reading until it is ready, so that the worker is slowed down too.
        from.reading(false);
      }
    }
  }

  private void wrong(MalformedFrameException cause) {
    if (state != State.ENDED) {
      boolean forged = cause instanceof ForgedMessageException;
      context.conduct().observe(worker, forged ? Fault.FALSE_ANSWER : Fault.MALFORMED);
      lost(cause);
    }
  }

  /** Handles what arrived, in order, while nobody is busy with a chunk. */
  private void drain() throws MalformedFrameException {
    while (!delivering && state != State.ENDED && !inbox.isEmpty()) {
      onMessage(inbox.remove());
    }
  }

  private void onMessage(TaskMessage message) throws MalformedFrameException {
    switch (message.getKindCase()) {
      case ACCEPT -> onAccept(message.getAccept());
      case DECLINE -> {
        require(State.OFFERED);
        endWith(false);
        outcome.complete(
            new OfferOutcome.Declined(
                new OfferReply.Declined(
                    Codes.find(OfferReply.Reason.class, message.getDecline().getReason())
                        // One of a later version: it, too, may pass.
                        .orElse(OfferReply.Reason.BUSY),
                    Duration.ofMillis(message.getDecline().getRetryAfterMs()))));
      }
      case REFUSED -> {
        require(State.OFFERED);
        endWith(false);
        outcome.completeExceptionally(new IOException(describe(message.getRefused())));
      }
      case BEAT -> {
        heardNanos = System.nanoTime();
        if (listener != null) {
          Beat beat = message.getBeat();
          listener.onBeat(
              new Progress(
                  beat.getRunning(), beat.getQueuePosition(), Duration.ofMillis(beat.getEtaMs())));
        }
      }
      case CHUNK -> onChunk(message.getChunk().getBytes().toByteArray());
      case FINAL -> onFinal(message.getFinal().getBytes().toByteArray());
      default -> throw new MalformedFrameException("a task message that is not for a requester");
    }
  }

  private String describe(RequestRefused refused) {
    if (refused.getReason() == RequestRefusedException.Reason.CLOCK.code()) {
      return ClockSkew.describe(
              context.clock().instant(), Instant.ofEpochMilli(refused.getTimeMs()))
          .orElse(RequestRefusedException.Reason.CLOCK.words());
    }
    return "the offer was refused: "
        + RequestRefusedException.Reason.ofCode(refused.getReason())
            .map(RequestRefusedException.Reason::words)
            .orElse("the peer does not say why");
  }

  private void onAccept(Accept accept) throws MalformedFrameException {
    require(State.OFFERED);
    try {
      ClaimPromise made =
          new ClaimPromise(
              context.swarm(),
              offer.task().value(),
              accept.getClaim(),
              worker,
              context.identity().peerId(),
              Instant.ofEpochMilli(accept.getKeyExpiryMs()),
              accept.getKey().toByteArray(),
              accept.getModel(),
              accept.getModelDigest(),
              accept.getSignature().toByteArray());
      made.verify(context.clock().instant());
      promise = made;
      acceptance =
          new OfferReply.Accepted(
              new ClaimId(accept.getClaim()),
              Duration.ofMillis(accept.getLeaseMs()),
              accept.getQueuePosition(),
              Duration.ofMillis(accept.getEtaMs()),
              new ModelId(accept.getModel(), accept.getModelDigest()));
    } catch (EnvelopeException e) {
      throw new ForgedMessageException("an acceptance is not valid: " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw new MalformedFrameException("an acceptance cannot be read: " + e.getMessage());
    }
    state = State.HELD;
    if (!outcome.complete(new OfferOutcome.Claimed(this))) {
      cancel(); // The offer was withdrawn in this very moment.
    }
  }

  @Override
  public synchronized byte[] assign(TaskSpec spec, Optional<JobPart> part, ResultListener to) {
    if (state != State.HELD || promise == null || stream == null) {
      if (state == State.ENDED) {
        to.onLost(new IOException("the worker is gone"));
        return new byte[0];
      }
      throw new IllegalStateException("a claim is assigned once");
    }
    listener = to;
    state = State.ASSIGNED;
    try {
      EnvelopeHeader header =
          new EnvelopeHeader(
              context.swarm(),
              offer.task().value(),
              acceptance().claim().value(),
              context.identity().peerId(),
              worker,
              context.clock().instant().plus(TaskProtocol.KEY_VALIDITY));
      Envelope.Sealed sealed =
          Envelope.seal(
              context.identity(), header, promise.publicKey(), SpecCodec.encode(spec, part));
      opener = sealed.opener();
      TaskProtocol.send(
          stream,
          TaskMessage.newBuilder()
              .setAssign(Assign.newBuilder().setEnvelope(ByteString.copyFrom(sealed.bytes())))
              .build());
      long renew = TaskProtocol.RENEW_INTERVAL.toMillis();
      renewals =
          context.timer().scheduleAtFixedRate(this::renew, renew, renew, TimeUnit.MILLISECONDS);
      heardNanos = System.nanoTime();
      watchSilence(TaskProtocol.SILENCE_MAX);
      return Envelope.hash(sealed.bytes());
    } catch (EnvelopeException e) {
      lost(new IOException("the task could not be sealed: " + e.getMessage(), e));
      return new byte[0];
    }
  }

  private synchronized void renew() {
    if (state == State.ASSIGNED && stream != null) {
      TaskProtocol.send(
          stream, TaskMessage.newBuilder().setRenew(Renew.getDefaultInstance()).build());
    }
  }

  private void onChunk(byte[] sealed) throws MalformedFrameException {
    require(State.ASSIGNED);
    if (opener == null || listener == null) {
      throw new AssertionError("assigned without an opener");
    }
    Chunk chunk;
    try {
      chunk = ExchangeCodec.decodeChunk(opener.open(sealed));
    } catch (EnvelopeException e) {
      throw new ForgedMessageException(String.valueOf(e.getMessage()));
    }
    heardNanos = System.nanoTime();
    CompletableFuture<Void> taken = listener.onChunk(chunk);
    if (!taken.isDone()) {
      delivering = true;
      taken.whenComplete((nothing, failure) -> onTaken());
    }
  }

  private synchronized void onTaken() {
    delivering = false;
    if (state == State.ENDED || stream == null) {
      return;
    }
    heardNanos = System.nanoTime();
    try {
      drain();
    } catch (MalformedFrameException e) {
      wrong(e);
      return;
    }
    if (delivering) {
      return;
    }
    boolean paused = waitingBytes > WAITING_BYTES_MAX;
    waitingBytes = 0;
    if (paused) {
      stream.reading(true);
    }
    if (workerEnded) {
      brokenOff();
    }
  }

  private void onFinal(byte[] sealed) throws MalformedFrameException {
    require(State.ASSIGNED);
    if (opener == null || listener == null) {
      throw new AssertionError("assigned without an opener");
    }
    try {
      TaskResult result = ExchangeCodec.decodeResult(opener.openFinal(sealed));
      ResultListener told = listener;
      endWith(false);
      told.onResult(result);
    } catch (EnvelopeException e) {
      throw new ForgedMessageException(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public synchronized void onEnd(Stream from) {
    workerEnded = true;
    if (!delivering) {
      brokenOff();
    }
  }

  private void brokenOff() {
    lost(new IOException("the worker ended the exchange before the result was complete"));
  }

  @Override
  public synchronized void onReset(Stream from) {
    lost(new IOException("the worker broke off the exchange"));
  }

  @Override
  public PeerId worker() {
    return worker;
  }

  @Override
  public OfferReply.Accepted acceptance() {
    if (acceptance == null) {
      throw new IllegalStateException("not accepted yet");
    }
    return acceptance;
  }

  @Override
  public synchronized Optional<ClaimPromise> promise() {
    return Optional.ofNullable(promise);
  }

  @Override
  public synchronized void cancel() {
    Stream open = stream;
    if (state != State.ENDED && open != null) {
      TaskProtocol.send(
          open, TaskMessage.newBuilder().setCancel(Cancel.getDefaultInstance()).build());
      // A reset could overtake what it says, and then this node would seem to be lost.
      endWith(false);
      context
          .timer()
          .schedule(open::reset, TaskProtocol.CANCEL_MAX.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public synchronized void leave() {
    if (state != State.ENDED) {
      endWith(true);
    }
  }

  /** One timer that looks again, not one for each message: most come long before it. */
  private void watchSilence(Duration wait) {
    silence = context.timer().schedule(this::checkSilence, wait.toNanos(), TimeUnit.NANOSECONDS);
  }

  private synchronized void checkSilence() {
    if (state != State.ASSIGNED) {
      return;
    }
    Duration silent = Duration.ofNanos(System.nanoTime() - heardNanos);
    if (delivering) {
      watchSilence(TaskProtocol.SILENCE_MAX);
    } else if (silent.compareTo(TaskProtocol.SILENCE_MAX) < 0) {
      watchSilence(TaskProtocol.SILENCE_MAX.minus(silent));
    } else {
      lost(
          new IOException(
              "the worker was silent for " + TaskProtocol.SILENCE_MAX.toSeconds() + " s"));
    }
  }

  private void lost(IOException cause) {
    if (state == State.ENDED) {
      return;
    }
    log.debug("exchange with {}: {}", worker, cause.getMessage());
    ResultListener told = listener;
    endWith(true);
    outcome.completeExceptionally(cause);
    if (told != null) {
      told.onLost(cause);
    }
  }

  private void endWith(boolean reset) {
    state = State.ENDED;
    if (silence != null) {
      silence.cancel(false);
    }
    if (renewals != null) {
      renewals.cancel(false);
    }
    if (opener != null) {
      opener.erase();
    }
    inbox.clear();
    if (stream != null) {
      if (reset) {
        stream.reset();
      } else {
        stream.closeWrite();
      }
    }
  }

  private void require(State expected) throws MalformedFrameException {
    if (state != expected) {
      throw new MalformedFrameException("a task message out of turn");
    }
  }
}
