package dev.waggle.mesh.swarm.exchange;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Envelope;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.TaskMessage;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** What both sides of the task exchange agree on. */
final class TaskProtocol {
  static final String PROTOCOL = "/waggle/task/1";

  /** The longest message to a worker: an envelope and what stands around it. */
  static final int TO_WORKER_BYTES_MAX = Envelope.BYTES_MAX + 64;

  /** The longest message to a requester: a sealed chunk or result. */
  static final int TO_REQUESTER_BYTES_MAX = 1 << 20;

  /** The longest text of a chunk, in characters, so that it fits its message in any script. */
  static final int CHUNK_CHARACTERS_MAX = 64 << 10;

  /** How long a worker waits for the assignment of a claim. */
  static final Duration ASSIGN_MAX = Duration.ofSeconds(10);

  /** How long a worker may take to end a stream on which its task was given up. */
  static final Duration CANCEL_MAX = Duration.ofSeconds(5);

  /** How long a claim lives without renewal. */
  static final Duration LEASE = Duration.ofSeconds(30);

  /** How often a requester renews. */
  static final Duration RENEW_INTERVAL = LEASE.dividedBy(3);

  /** How long a requester listens to silence before it takes the worker for lost. */
  static final Duration SILENCE_MAX = ResultListener.BEAT_INTERVAL.multipliedBy(4);

  /** How long a claim's key and envelope are valid, for clocks that differ. */
  static final Duration KEY_VALIDITY = Duration.ofMinutes(5);

  private TaskProtocol() {}

  static CompletableFuture<Void> send(Stream stream, TaskMessage message) {
    return stream.write(FrameAssembler.frame(message.toByteArray()));
  }

  static TaskMessage parse(byte[] frame) throws MalformedFrameException {
    try {
      return TaskMessage.parseFrom(frame);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("a task message cannot be read");
    }
  }
}
