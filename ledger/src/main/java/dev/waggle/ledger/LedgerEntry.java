package dev.waggle.ledger;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.Sha256;
import dev.waggle.ledger.wire.EntryRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One fact of the log.
 *
 * @param sequence its place, from 1
 * @param previousHash the hash of the entry before, 32 bytes; zeros for the first
 * @param time when it was recorded, to the millisecond
 * @param actor whose act it records
 * @param payload the fact; its form depends on the type
 * @param forgotten whether the payload is gone; it is empty then
 * @param bytes the entry as it is stored and hashed; has the payload's hash instead of the payload
 * @param hash SHA-256 over a domain, the previous hash and the bytes
 */
public record LedgerEntry(
    long sequence,
    byte[] previousHash,
    Instant time,
    EntryType type,
    PeerId actor,
    byte[] payload,
    boolean forgotten,
    byte[] bytes,
    byte[] hash) {
  /** The largest payload, in bytes. */
  public static final int PAYLOAD_BYTES_MAX = 16 << 10;

  /** The length of a hash in bytes. */
  static final int HASH_BYTES = 32;

  private static final byte[] DOMAIN = "waggle-ledger-entry-1".getBytes(StandardCharsets.US_ASCII);

  static LedgerEntry create(
      long sequence,
      byte[] previousHash,
      Instant time,
      EntryType type,
      PeerId actor,
      byte[] payload) {
    byte[] bytes =
        EntryRecord.newBuilder()
            .setSequence(sequence)
            .setPreviousHash(ByteString.copyFrom(previousHash))
            .setTimeMs(time.toEpochMilli())
            .setType(type.code())
            .setActor(ByteString.copyFrom(actor.multihash()))
            .setPayloadHash(ByteString.copyFrom(Sha256.of(payload)))
            .build()
            .toByteArray();
    return new LedgerEntry(
        sequence,
        previousHash,
        time,
        type,
        actor,
        payload,
        false,
        bytes,
        hash(previousHash, bytes));
  }

  /**
   * Reads stored bytes.
   *
   * @throws LedgerException if they are not an entry; the message says what is wrong
   */
  static LedgerEntry parse(byte[] bytes, byte @Nullable [] payload, byte[] hash)
      throws LedgerException {
    try {
      EntryRecord entry = EntryRecord.parseFrom(bytes);
      if (payload != null && !isPayloadOf(entry, payload)) {
        throw new LedgerException("its payload is not the one that it names");
      }
      EntryType type =
          EntryType.ofCode(entry.getType())
              .orElseThrow(
                  () -> new LedgerException("its type " + entry.getType() + " is unknown"));
      return new LedgerEntry(
          entry.getSequence(),
          entry.getPreviousHash().toByteArray(),
          Instant.ofEpochMilli(entry.getTimeMs()),
          type,
          PeerId.ofMultihash(entry.getActor().toByteArray()),
          payload == null ? new byte[0] : payload,
          payload == null,
          bytes,
          hash);
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new LedgerException("its bytes are not an entry", e);
    }
  }

  private static boolean isPayloadOf(EntryRecord entry, byte[] payload) {
    return Arrays.equals(Sha256.of(payload), entry.getPayloadHash().toByteArray());
  }

  /** Whether these bytes are its payload, or were before it was forgotten. */
  boolean isOf(byte[] candidate) {
    try {
      return isPayloadOf(EntryRecord.parseFrom(bytes), candidate);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("it was parsed", e);
    }
  }

  /** Reads bytes that came from elsewhere; their hash is what they make it. */
  static LedgerEntry parse(byte[] bytes, byte[] payload) throws LedgerException {
    try {
      byte[] previous = EntryRecord.parseFrom(bytes).getPreviousHash().toByteArray();
      return parse(bytes, payload, hash(previous, bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new LedgerException("its bytes are not an entry", e);
    }
  }

  static byte[] hash(byte[] previousHash, byte[] bytes) {
    return Sha256.of(DOMAIN, previousHash, bytes);
  }
}
