package dev.waggle.ledger;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.ledger.wire.ObservationRecord;
import dev.waggle.ledger.wire.ReceiptBodyRecord;
import dev.waggle.ledger.wire.ReceiptRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/**
 * One settled task, signed by its worker and then by its requester; the only unit of credit.
 *
 * <p>The signatures cover the body's bytes as its worker wrote them. These bytes are kept, passed
 * on and hashed as they came and never encoded anew. Immutable, but for what is known of its
 * signatures.
 */
public final class Receipt {
  /** The largest receipt, in bytes. */
  public static final int BYTES_MAX = 4 << 10;

  private static final byte[] WORKER_DOMAIN = domain("waggle-receipt-worker-1");
  private static final byte[] REQUESTER_DOMAIN = domain("waggle-receipt-requester-1");

  private final byte[] bodyBytes;
  private final ReceiptBody body;
  private final byte[] workerSignature;
  private final byte[] requesterSignature;
  private final byte[] observationBytes;

  // A check takes longer than all else that is done with a receipt.
  private volatile boolean signedByWorker;
  private volatile boolean signedByRequester;

  private Receipt(
      byte[] bodyBytes,
      ReceiptBody body,
      byte[] workerSignature,
      byte[] requesterSignature,
      byte[] observationBytes) {
    this.bodyBytes = bodyBytes;
    this.body = body;
    this.workerSignature = workerSignature;
    this.requesterSignature = requesterSignature;
    this.observationBytes = observationBytes;
  }

  /**
   * The worker's half.
   *
   * @throws IllegalArgumentException if the body names another worker
   */
  public static Receipt byWorker(ReceiptBody body, Identity worker) {
    if (!body.worker().equals(worker.peerId())) {
      throw new IllegalArgumentException("the receipt names another worker");
    }
    byte[] bytes = body.encode();
    byte[] signature = worker.sign(signed(WORKER_DOMAIN, bytes));
    Receipt half = new Receipt(bytes, body, signature, new byte[0], new byte[0]);
    half.signedByWorker = true;
    return half;
  }

  /**
   * Reads a receipt, whole or half. Signatures are not checked here.
   *
   * @throws MalformedReceiptException if the bytes are not a receipt
   */
  public static Receipt parse(byte[] bytes) throws MalformedReceiptException {
    if (bytes.length > BYTES_MAX) {
      throw new MalformedReceiptException(
          "a receipt has at most " + BYTES_MAX + " bytes, not " + bytes.length);
    }
    try {
      ReceiptRecord receipt = ReceiptRecord.parseFrom(bytes);
      byte[] bodyBytes = receipt.getBody().toByteArray();
      return new Receipt(
          bodyBytes,
          ReceiptBody.of(ReceiptBodyRecord.parseFrom(bodyBytes)),
          receipt.getWorkerSignature().toByteArray(),
          receipt.getRequesterSignature().toByteArray(),
          receipt.getObservation().toByteArray());
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedReceiptException("the bytes are not a receipt");
    }
  }

  /**
   * The whole receipt: this half, what the requester measured, and its signature.
   *
   * @throws IllegalArgumentException if the body names another requester
   */
  public Receipt countersign(Identity requester, Observation observation) {
    if (!body.requester().equals(requester.peerId())) {
      throw new IllegalArgumentException("the receipt names another requester");
    }
    byte[] observed =
        ObservationRecord.newBuilder()
            .setOutputBytes(observation.outputBytes())
            .setFirstChunkMs(observation.firstChunk().toMillis())
            .setTotalMs(observation.total().toMillis())
            .setVerification(observation.verification())
            .build()
            .toByteArray();
    byte[] signature = requester.sign(toBeSignedByRequester(bodyBytes, observed));
    Receipt whole = new Receipt(bodyBytes, body, workerSignature, signature, observed);
    whole.signedByWorker = signedByWorker;
    whole.signedByRequester = true;
    return whole;
  }

  /** What it says. */
  public ReceiptBody body() {
    return body;
  }

  /**
   * What the requester measured.
   *
   * @throws MalformedReceiptException if it cannot be read
   */
  public Observation observation() throws MalformedReceiptException {
    try {
      ObservationRecord observed = ObservationRecord.parseFrom(observationBytes);
      return new Observation(
          observed.getOutputBytes(),
          Duration.ofMillis(observed.getFirstChunkMs()),
          Duration.ofMillis(observed.getTotalMs()),
          observed.getVerification());
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedReceiptException("what the requester measured cannot be read");
    }
  }

  /** Whether the worker that it names signed it. */
  public boolean verifyWorker() {
    signedByWorker =
        signedByWorker || body.worker().verify(signed(WORKER_DOMAIN, bodyBytes), workerSignature);
    return signedByWorker;
  }

  /** Knows that its worker signed it if it is, byte for byte, a half of which that is known. */
  public void recognize(Receipt half) {
    signedByWorker |=
        half.signedByWorker
            && Arrays.equals(bodyBytes, half.bodyBytes)
            && Arrays.equals(workerSignature, half.workerSignature);
  }

  /** Whether both sides that it names signed it. */
  public boolean verifyBoth() {
    signedByRequester =
        signedByRequester
            || body.requester()
                .verify(toBeSignedByRequester(bodyBytes, observationBytes), requesterSignature);
    return verifyWorker() && signedByRequester;
  }

  /** The bytes to send or keep. */
  public byte[] bytes() {
    return ReceiptRecord.newBuilder()
        .setBody(ByteString.copyFrom(bodyBytes))
        .setWorkerSignature(ByteString.copyFrom(workerSignature))
        .setRequesterSignature(ByteString.copyFrom(requesterSignature))
        .setObservation(ByteString.copyFrom(observationBytes))
        .build()
        .toByteArray();
  }

  private static byte[] toBeSignedByRequester(byte[] body, byte[] observation) {
    return ByteBuffer.allocate(
            REQUESTER_DOMAIN.length + Integer.BYTES + body.length + observation.length)
        .put(REQUESTER_DOMAIN)
        .putInt(body.length)
        .put(body)
        .put(observation)
        .array();
  }

  private static byte[] signed(byte[] domain, byte[] body) {
    return ByteBuffer.allocate(domain.length + body.length).put(domain).put(body).array();
  }

  private static byte[] domain(String name) {
    return name.getBytes(StandardCharsets.US_ASCII);
  }
}
