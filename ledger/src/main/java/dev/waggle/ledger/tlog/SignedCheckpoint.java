package dev.waggle.ledger.tlog;

import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * A checkpoint with its log's signature and those of witnesses: a C2SP signed note.
 *
 * @param signature the log's, 64 bytes
 * @param cosignatures of different witnesses, at most {@value #COSIGNATURES_MAX}
 */
public record SignedCheckpoint(
    Checkpoint checkpoint, byte[] signature, List<Cosignature> cosignatures) {
  /** The most cosignatures of one note. */
  public static final int COSIGNATURES_MAX = 16;

  /** The longest note, in bytes. */
  public static final int BYTES_MAX = 8_192;

  private static final byte TYPE_SIGNATURE = 1;
  private static final byte TYPE_COSIGNATURE = 4;
  private static final int KEY_ID_BYTES = 4;
  private static final String DASH = "— ";
  private static final int TEXT_LINES = 3;

  public SignedCheckpoint {
    cosignatures = List.copyOf(cosignatures);
    if (cosignatures.size() > COSIGNATURES_MAX) {
      throw new IllegalArgumentException("at most " + COSIGNATURES_MAX + " cosignatures");
    }
  }

  /** Whether its log signed it. */
  public boolean isSigned() {
    return checkpoint.log().verify(checkpoint.signed(), signature);
  }

  /** The same with one more cosignature, instead of an earlier one of that witness. */
  public SignedCheckpoint with(Cosignature added) {
    List<Cosignature> all = new ArrayList<>(cosignatures);
    all.removeIf(each -> each.witness().equals(added.witness()));
    if (all.size() == COSIGNATURES_MAX) {
      all.remove(0);
    }
    all.add(added);
    return new SignedCheckpoint(checkpoint, signature, all);
  }

  /** The note. */
  public String note() {
    StringBuilder note = new StringBuilder(checkpoint.text()).append('\n');
    line(note, checkpoint.origin(), TYPE_SIGNATURE, checkpoint.log(), signature);
    for (Cosignature each : cosignatures) {
      byte[] timed =
          ByteBuffer.allocate(Long.BYTES + each.signature().length)
              .putLong(each.time().getEpochSecond())
              .put(each.signature())
              .array();
      line(note, Cosignature.NAME + each.witness(), TYPE_COSIGNATURE, each.witness(), timed);
    }
    return note.toString();
  }

  private static void line(
      StringBuilder note, String name, byte type, PeerId key, byte[] signature) {
    byte[] id = keyId(name, type, key);
    byte[] value = ByteBuffer.allocate(id.length + signature.length).put(id).put(signature).array();
    note.append(DASH).append(name).append(' ');
    note.append(Base64.getEncoder().encodeToString(value)).append('\n');
  }

  /** How the lines of a key are found. */
  static byte[] keyId(String name, byte type, PeerId key) {
    byte[] line = (name + "\n").getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(Sha256.of(line, new byte[] {type}, key.publicKey()), KEY_ID_BYTES);
  }

  /**
   * Reads a note whose log's signature and whose witnesses' cosignatures are good; lines of keys
   * that are neither are left out.
   *
   * @throws MalformedCheckpointException if it is none, or a signature is not good
   */
  public static SignedCheckpoint parse(String note) throws MalformedCheckpointException {
    int end = note.lastIndexOf("\n\n");
    if (note.length() > BYTES_MAX || end < 0 || !note.endsWith("\n")) {
      throw new MalformedCheckpointException("it is no signed note");
    }
    Checkpoint checkpoint = text(note.substring(0, end + 1));
    byte[] signature = new byte[0];
    List<Cosignature> cosignatures = new ArrayList<>();
    for (String line : note.substring(end + 2).lines().toList()) {
      int space = line.lastIndexOf(' ');
      if (!line.startsWith(DASH) || space <= DASH.length()) {
        throw new MalformedCheckpointException("a line of it is no signature");
      }
      String name = line.substring(DASH.length(), space);
      byte[] value = base64(line.substring(space + 1));
      if (isOf(name, checkpoint.origin(), TYPE_SIGNATURE, checkpoint.log(), value)) {
        signature = Arrays.copyOfRange(value, KEY_ID_BYTES, value.length);
      } else {
        cosignature(name, value).ifPresent(cosignatures::add);
      }
    }
    try {
      SignedCheckpoint signed = new SignedCheckpoint(checkpoint, signature, cosignatures);
      if (!signed.isSigned()) {
        throw new MalformedCheckpointException("it is not signed by its log");
      }
      if (!cosignatures.stream().allMatch(one -> one.verify(checkpoint))) {
        throw new MalformedCheckpointException("a cosignature of it does not verify");
      }
      return signed;
    } catch (IllegalArgumentException e) {
      throw new MalformedCheckpointException("it has too many cosignatures");
    }
  }

  private static Checkpoint text(String text) throws MalformedCheckpointException {
    String[] lines = text.split("\n", -1);
    if (lines.length != TEXT_LINES + 1 || !lines[0].startsWith(Checkpoint.ORIGIN)) {
      throw new MalformedCheckpointException("it is no checkpoint of a node's ledger");
    }
    try {
      Checkpoint checkpoint =
          new Checkpoint(
              PeerId.parse(lines[0].substring(Checkpoint.ORIGIN.length())),
              Long.parseLong(lines[1]),
              base64(lines[2]));
      if (!checkpoint.text().equals(text)) {
        throw new MalformedCheckpointException("its text is not in the one form that it has");
      }
      return checkpoint;
    } catch (IllegalArgumentException e) {
      throw new MalformedCheckpointException("its text cannot be read");
    }
  }

  private static Optional<Cosignature> cosignature(String name, byte[] value) {
    if (!name.startsWith(Cosignature.NAME)) {
      return Optional.empty();
    }
    try {
      PeerId witness = PeerId.parse(name.substring(Cosignature.NAME.length()));
      if (!isOf(name, name, TYPE_COSIGNATURE, witness, value)
          || value.length <= KEY_ID_BYTES + Long.BYTES) {
        return Optional.empty();
      }
      ByteBuffer rest = ByteBuffer.wrap(value, KEY_ID_BYTES, value.length - KEY_ID_BYTES);
      Instant time = Instant.ofEpochSecond(rest.getLong());
      byte[] signature = new byte[rest.remaining()];
      rest.get(signature);
      return Optional.of(new Cosignature(witness, time, signature));
    } catch (IllegalArgumentException | java.time.DateTimeException e) {
      return Optional.empty();
    }
  }

  private static boolean isOf(String name, String expected, byte type, PeerId key, byte[] value) {
    return name.equals(expected)
        && value.length > KEY_ID_BYTES
        && Arrays.equals(keyId(name, type, key), Arrays.copyOf(value, KEY_ID_BYTES));
  }

  private static byte[] base64(String text) throws MalformedCheckpointException {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new MalformedCheckpointException("a part of it is not in base64");
    }
  }
}
