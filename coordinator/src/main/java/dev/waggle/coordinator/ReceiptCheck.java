package dev.waggle.coordinator;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Observation;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.Work;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.label.Label;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Set;

/**
 * What this requester knows of a claim, held against the receipt that its worker made of it.
 *
 * @param model what the worker promised to run
 * @param observation what came, and how long it took
 * @param envelopeHash SHA-256 of the sealed task as it travelled
 */
record ReceiptCheck(
    TaskId task,
    ClaimId claim,
    Identity requester,
    PeerId worker,
    ModelId model,
    Set<Label> labels,
    String job,
    Observation observation,
    byte[] envelopeHash) {
  // Clocks tick differently, and what was measured has ends that nobody else sees.
  private static final Duration TIME_TOLERANCE = Duration.ofSeconds(2);

  /** What came of a check. */
  sealed interface Verdict {
    /** The receipt is true as far as this side can tell; now signed by both. */
    record Valid(Receipt receipt) implements Verdict {}

    /** It is not; the cause is fit for people. */
    record Invalid(String cause) implements Verdict {}
  }

  /** Checks the worker's half and signs the other. */
  Verdict countersign(TaskResult result) {
    Receipt half;
    try {
      half = Receipt.parse(result.receipt());
    } catch (MalformedReceiptException malformed) {
      return new Verdict.Invalid(malformed.getMessage());
    }
    ReceiptBody body = half.body();
    if (!body.task().equals(task.value()) || !body.claim().equals(claim.value())) {
      return new Verdict.Invalid("it is for another task or claim");
    }
    if (!body.worker().equals(worker) || !body.requester().equals(requester.peerId())) {
      return new Verdict.Invalid("it names other parties");
    }
    if (!body.model().equals(model.name()) || !body.modelDigest().equals(model.digest())) {
      return new Verdict.Invalid("it names another model than was promised");
    }
    if (!MessageDigest.isEqual(body.envelopeHash(), envelopeHash)) {
      return new Verdict.Invalid("it is for another envelope");
    }
    if (!body.job().equals(job)) {
      return new Verdict.Invalid("it names another job");
    }
    if (!body.labels().equals(Label.texts(labels))) {
      return new Verdict.Invalid("it names other labels than the request's");
    }
    Work work = body.work();
    if (work.promptTokens() != result.usage().promptTokens()
        || work.outputTokens() != result.usage().outputTokens()) {
      return new Verdict.Invalid("its token counts are not the result's");
    }
    if (work.outputBytes() != observation.outputBytes()) {
      return new Verdict.Invalid(
          "it is for "
              + work.outputBytes()
              + " bytes of answer, and "
              + observation.outputBytes()
              + " came");
    }
    if (work.time().compareTo(observation.total().plus(TIME_TOLERANCE)) > 0) {
      return new Verdict.Invalid("it is for more time than went by");
    }
    if (!half.verifyWorker()) {
      return new Verdict.Invalid("its worker's signature does not verify");
    }
    return new Verdict.Valid(half.countersign(requester, observation));
  }
}
