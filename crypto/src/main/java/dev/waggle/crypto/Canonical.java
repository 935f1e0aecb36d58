package dev.waggle.crypto;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * The one byte form of what is signed or bound: a domain, then the fields in fixed order, each with
 * a four-byte big-endian length before it. No two different field lists have the same bytes.
 */
final class Canonical {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);

  Canonical(String domain) {
    text(domain);
  }

  Canonical bytes(byte[] field) {
    bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(field.length).array());
    bytes.writeBytes(field);
    return this;
  }

  Canonical text(String field) {
    return bytes(field.getBytes(StandardCharsets.UTF_8));
  }

  Canonical number(long field) {
    return bytes(ByteBuffer.allocate(Long.BYTES).putLong(field).array());
  }

  /** Milliseconds since the epoch. */
  Canonical time(Instant field) {
    return number(field.toEpochMilli());
  }

  byte[] toByteArray() {
    return bytes.toByteArray();
  }

  /** Reads what the other methods wrote, refusing anything else. */
  static final class Reader {
    private static final int FIELD_BYTES_MAX = 1 << 12;
    private final ByteBuffer rest;

    Reader(byte[] canonical, String domain) throws EnvelopeException {
      this.rest = ByteBuffer.wrap(canonical);
      if (!text().equals(domain)) {
        throw new EnvelopeException("not a " + domain);
      }
    }

    byte[] bytes() throws EnvelopeException {
      if (rest.remaining() < Integer.BYTES) {
        throw new EnvelopeException("a field is cut off");
      }
      int length = rest.getInt();
      if (length < 0 || length > FIELD_BYTES_MAX || length > rest.remaining()) {
        throw new EnvelopeException("a field is cut off or too long");
      }
      byte[] field = new byte[length];
      rest.get(field);
      return field;
    }

    String text() throws EnvelopeException {
      return new String(bytes(), StandardCharsets.UTF_8);
    }

    long number() throws EnvelopeException {
      byte[] field = bytes();
      if (field.length != Long.BYTES) {
        throw new EnvelopeException("a number has the wrong length");
      }
      return ByteBuffer.wrap(field).getLong();
    }

    Instant time() throws EnvelopeException {
      return Instant.ofEpochMilli(number());
    }

    PeerId peer() throws EnvelopeException {
      try {
        return PeerId.ofMultihash(bytes());
      } catch (IllegalArgumentException e) {
        throw new EnvelopeException("a field is not a peer id");
      }
    }

    void end() throws EnvelopeException {
      if (rest.hasRemaining()) {
        throw new EnvelopeException("bytes follow the last field");
      }
    }
  }
}
