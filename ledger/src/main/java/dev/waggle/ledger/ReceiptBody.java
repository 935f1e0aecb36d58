package dev.waggle.ledger;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.wire.ReceiptBodyRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What a receipt says of one settled task.
 *
 * @param swarm the swarm's id, 32 bytes
 * @param modelDigest what the worker's engine says the model's content is
 * @param job what the task is a part of; empty when of nothing
 * @param work what the worker did
 * @param started when the worker began, by its clock, to the millisecond
 * @param finished when it ended, by its clock, to the millisecond
 * @param envelopeHash SHA-256 of the sealed task, 32 bytes
 * @param labels what the request said about where it may run, in the order of the alphabet
 */
public record ReceiptBody(
    byte[] swarm,
    String task,
    String claim,
    PeerId requester,
    PeerId worker,
    String model,
    String modelDigest,
    String job,
    Work work,
    Instant started,
    Instant finished,
    byte[] envelopeHash,
    List<String> labels) {
  static final int VERSION = 1;

  public ReceiptBody {
    labels = List.copyOf(labels);
  }

  byte[] encode() {
    return ReceiptBodyRecord.newBuilder()
        .setVersion(VERSION)
        .setSwarm(ByteString.copyFrom(swarm))
        .setTask(task)
        .setClaim(claim)
        .setRequester(ByteString.copyFrom(requester.multihash()))
        .setWorker(ByteString.copyFrom(worker.multihash()))
        .setModel(model)
        .setModelDigest(modelDigest)
        .setJob(job)
        .setPromptTokens(work.promptTokens())
        .setOutputTokens(work.outputTokens())
        .setPromptBytes(work.promptBytes())
        .setOutputBytes(work.outputBytes())
        .setLoadMs(work.load().toMillis())
        .setPrefillMs(work.prefill().toMillis())
        .setDecodeMs(work.decode().toMillis())
        .setAccelerated(work.accelerated())
        .setParameters(work.parameters())
        .setDemandPercent(work.demandPercent())
        .setOutcome(work.outcome())
        .setStartedMs(started.toEpochMilli())
        .setFinishedMs(finished.toEpochMilli())
        .setEnvelopeHash(ByteString.copyFrom(envelopeHash))
        .addAllLabels(labels)
        .build()
        .toByteArray();
  }

  static ReceiptBody of(ReceiptBodyRecord body) throws MalformedReceiptException {
    if (body.getVersion() != VERSION) {
      throw new MalformedReceiptException(
          "receipt version " + body.getVersion() + " is not supported");
    }
    try {
      return new ReceiptBody(
          body.getSwarm().toByteArray(),
          body.getTask(),
          body.getClaim(),
          PeerId.ofMultihash(body.getRequester().toByteArray()),
          PeerId.ofMultihash(body.getWorker().toByteArray()),
          body.getModel(),
          body.getModelDigest(),
          body.getJob(),
          new Work(
              body.getPromptTokens(),
              body.getOutputTokens(),
              body.getPromptBytes(),
              body.getOutputBytes(),
              Duration.ofMillis(body.getLoadMs()),
              Duration.ofMillis(body.getPrefillMs()),
              Duration.ofMillis(body.getDecodeMs()),
              body.getAccelerated(),
              body.getParameters(),
              body.getDemandPercent(),
              body.getOutcome()),
          Instant.ofEpochMilli(body.getStartedMs()),
          Instant.ofEpochMilli(body.getFinishedMs()),
          body.getEnvelopeHash().toByteArray(),
          body.getLabelsList());
    } catch (IllegalArgumentException e) {
      throw new MalformedReceiptException("the receipt names no peer where it should");
    }
  }
}
