package dev.waggle.mesh.swarm.blob;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers members that want content. A read holds no thread: each piece is read, written, and the
 * next one follows when it is within the reader's window and the pace allows it.
 */
public final class BlobServer {
  /** The most questions of one member that are answered at once. */
  static final int STREAMS_OF_ONE_MAX = 4;

  /** The most questions that are answered at once: each reads a disk and shares one uplink. */
  static final int STREAMS_MAX = 16;

  /** How long a reader may take nothing. */
  static final Duration STALL_MAX = Duration.ofSeconds(60);

  private static final Logger log = LoggerFactory.getLogger(BlobServer.class);

  private final BlobSource source;
  private final Conduct conduct;
  private final Pace pace;
  private final ScheduledExecutorService timer;
  private final Executor blocking;
  private final Map<PeerId, Integer> streams = new HashMap<>();
  private int streamsInAll;

  /**
   * @param conduct says who is shunned, and hears of faults
   * @param pace of all that is sent
   * @param blocking runs what waits for the disk; may refuse
   */
  public BlobServer(
      BlobSource source,
      Conduct conduct,
      Pace pace,
      ScheduledExecutorService timer,
      Executor blocking) {
    this.source = source;
    this.conduct = conduct;
    this.pace = pace;
    this.timer = timer;
    this.blocking = blocking;
  }

  /** Makes the host answer. */
  public void serve(Host host) {
    host.handle(BlobProtocol.PROTOCOL, stream -> new Served());
  }

  private synchronized boolean begin(PeerId member) {
    int ofOne = streams.getOrDefault(member, 0);
    if (ofOne >= STREAMS_OF_ONE_MAX || streamsInAll >= STREAMS_MAX) {
      return false;
    }
    streams.put(member, ofOne + 1);
    streamsInAll++;
    return true;
  }

  private synchronized void end(PeerId member) {
    streams.computeIfPresent(member, (id, count) -> count == 1 ? null : count - 1);
    streamsInAll--;
  }

  /** What there is for who asks; empty when he gets no answer. */
  private Optional<BlobSource> sourceFor(Stream stream) {
    PeerId member = stream.connection().remotePeer();
    if (conduct.standing(member).shunnedUntil().isPresent() || !source.isOpenTo(member)) {
      return Optional.empty();
    }
    return stream.connection().isRelayed()
        ? source.relayedTo(member)
        : Optional.of(source.to(member));
  }

  /** One question, and all of its answer. */
  private final class Served extends FramedReader {
    private boolean asked;

    Served() {
      super(BlobProtocol.QUESTION_BYTES_MAX);
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      if (asked) {
        throw report(stream, new MalformedFrameException("a second question on one stream"));
      }
      asked = true;
      BlobRequest request;
      try {
        request = BlobProtocol.request(frame);
      } catch (MalformedFrameException e) {
        throw report(stream, e);
      }
      Optional<BlobSource> from = sourceFor(stream);
      if (from.isEmpty()) {
        refuse(stream, BlobReply.Reason.NOT_SHARED);
        return;
      }
      PeerId member = stream.connection().remotePeer();
      if (!begin(member)) {
        refuse(stream, BlobReply.Reason.BUSY);
        return;
      }
      CompletableFuture<Void> answered;
      try {
        answered =
            CompletableFuture.supplyAsync(() -> answer(stream, request, from.get()), blocking)
                .thenCompose(sent -> sent);
      } catch (RejectedExecutionException e) {
        answered = CompletableFuture.failedFuture(e);
      }
      answered.whenComplete(
          (done, failure) -> {
            end(member);
            if (failure == null) {
              stream.closeWrite();
            } else {
              log.debug("an answer about content broke off: {}", failure.getMessage());
              stream.reset();
            }
          });
    }

    private MalformedFrameException report(Stream stream, MalformedFrameException e) {
      conduct.observe(stream.connection().remotePeer(), Fault.MALFORMED);
      return e;
    }

    @Override
    protected void onGone(IOException cause) {
      // The write that is under way fails, which ends the answer.
    }
  }

  private static void refuse(Stream stream, BlobReply.Reason reason) {
    FramedReader.send(stream, BlobProtocol.encode(new BlobReply.Refused(reason)));
    stream.closeWrite();
  }

  /** Begins the answer; completes when it is sent. */
  private CompletableFuture<Void> answer(Stream stream, BlobRequest request, BlobSource from) {
    if (request instanceof BlobRequest.Describe describe) {
      return send(
          stream,
          from.describe(describe.model(), describe.digest())
              .<BlobReply>map(BlobReply.Model::new)
              .orElse(new BlobReply.Refused(BlobReply.Reason.UNKNOWN)));
    }
    if (request instanceof BlobRequest.Hashes hashes) {
      return send(stream, from.hashes(hashes.digest(), hashes.range()));
    }
    return read(stream, (BlobRequest.Read) request, from);
  }

  private static CompletableFuture<Void> send(Stream stream, BlobReply reply) {
    return FramedReader.send(stream, BlobProtocol.encode(reply))
        .orTimeout(STALL_MAX.toSeconds(), TimeUnit.SECONDS);
  }

  private CompletableFuture<Void> read(Stream stream, BlobRequest.Read request, BlobSource from) {
    SeekableByteChannel blob = null;
    try {
      Optional<SeekableByteChannel> found = from.open(request.digest());
      if (found.isEmpty()) {
        return send(stream, new BlobReply.Refused(BlobReply.Reason.UNKNOWN));
      }
      blob = found.get();
      long size = blob.size();
      if (size < 1
          || size > BlockRange.BLOB_BYTES_MAX
          || request.range().end() > BlockRange.blocks(size)) {
        blob.close();
        return send(stream, new BlobReply.Refused(BlobReply.Reason.UNKNOWN));
      }
      Reading reading = new Reading(stream, blob, request.range(), size);
      reading.next();
      return reading.done;
    } catch (IOException e) {
      close(blob);
      return CompletableFuture.failedFuture(e);
    }
  }

  private static void close(@Nullable SeekableByteChannel blob) {
    if (blob != null) {
      try {
        blob.close();
      } catch (IOException e) {
        log.debug("a blob did not close in order: {}", e.getMessage());
      }
    }
  }

  /** A read under way: one step at a time, each begun when the one before has ended. */
  private final class Reading {
    final CompletableFuture<Void> done = new CompletableFuture<>();
    private final Stream stream;
    private final SeekableByteChannel blob;
    private long position;
    private final long end;

    Reading(Stream stream, SeekableByteChannel blob, BlockRange range, long size) {
      this.stream = stream;
      this.blob = blob;
      this.position = BlockRange.offset(range.from());
      this.end = position + range.bytes(size);
      done.whenComplete((nothing, failure) -> close(blob));
    }

    void next() {
      if (position == end) {
        done.complete(null);
        return;
      }
      long intoBlock = position % BlockRange.BLOCK_BYTES;
      int length =
          (int)
              Math.min(
                  Math.min(BlobReply.Piece.BYTES_MAX, BlockRange.BLOCK_BYTES - intoBlock),
                  end - position);
      pace.take(length, timer)
          .thenApplyAsync(go -> piece(length), blocking)
          .thenCompose(piece -> send(stream, piece))
          .whenComplete(
              (sent, failure) -> {
                if (failure == null) {
                  next();
                } else {
                  done.completeExceptionally(failure);
                }
              });
    }

    private BlobReply.Piece piece(int length) {
      ByteBuffer bytes = ByteBuffer.allocate(length);
      try {
        blob.position(position);
        while (bytes.hasRemaining()) {
          if (blob.read(bytes) < 0) {
            throw new IOException("a blob is shorter than it was");
          }
        }
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
      position += length;
      return new BlobReply.Piece(bytes.array());
    }
  }
}
