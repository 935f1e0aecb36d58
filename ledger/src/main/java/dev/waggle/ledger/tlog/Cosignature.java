package dev.waggle.ledger.tlog;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * A witness's word that a checkpoint continues everything that it saw of the log (C2SP
 * tlog-cosignature, Ed25519).
 *
 * @param time when, to the second
 * @param signature over the time and the checkpoint's text, 64 bytes
 */
public record Cosignature(PeerId witness, Instant time, byte[] signature) {
  /** What stands before the witness's peer id in its key's name. */
  public static final String NAME = "waggle/witness/";

  public Cosignature {
    if (time.getNano() != 0 || time.getEpochSecond() < 0) {
      throw new IllegalArgumentException("a cosignature's time is a second after 1969");
    }
  }

  /** Cosigns a checkpoint that was checked. */
  public static Cosignature sign(Checkpoint checkpoint, Identity witness, Instant time) {
    Instant second = time.truncatedTo(ChronoUnit.SECONDS);
    return new Cosignature(witness.peerId(), second, witness.sign(signed(checkpoint, second)));
  }

  /** Whether the witness said that of this checkpoint. */
  public boolean verify(Checkpoint checkpoint) {
    return witness.verify(signed(checkpoint, time), signature);
  }

  private static byte[] signed(Checkpoint checkpoint, Instant time) {
    String text = "cosignature/v1\ntime " + time.getEpochSecond() + "\n" + checkpoint.text();
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
