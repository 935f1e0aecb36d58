package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Identity;
import dev.waggle.ledger.tlog.Checkpoint;
import dev.waggle.ledger.tlog.Cosignature;
import dev.waggle.ledger.tlog.Fork;
import dev.waggle.ledger.tlog.MalformedCheckpointException;
import dev.waggle.ledger.tlog.MerkleHash;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What others send or hand over is refused with the error that says so, whatever it is. */
class HostileBytesTest {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[Identity.SEED_BYTES]);
  private static final int ROUNDS = 3_000;

  private static Receipt receipt() {
    Work work =
        new Work(1, 2, 3, 4, Duration.ZERO, Duration.ZERO, Duration.ZERO, true, 5, 6, "stop");
    ReceiptBody body =
        new ReceiptBody(
            new byte[32],
            "t",
            "c",
            IDENTITY.peerId(),
            IDENTITY.peerId(),
            "m",
            "d",
            "",
            work,
            Instant.EPOCH,
            Instant.EPOCH,
            new byte[32],
            List.of("team-a"));
    return Receipt.byWorker(body, IDENTITY)
        .countersign(IDENTITY, new Observation(4, Duration.ZERO, Duration.ofMillis(1)));
  }

  private static SignedCheckpoint checkpoint(int root) {
    SignedCheckpoint signed =
        new Checkpoint(IDENTITY.peerId(), 3, MerkleHash.leaf(new byte[] {(byte) root}))
            .sign(IDENTITY);
    return signed.with(Cosignature.sign(signed.checkpoint(), IDENTITY, Instant.EPOCH));
  }

  private static byte[] mutated(byte[] from, Random random) {
    byte[] bytes = Arrays.copyOf(from, Math.max(1, from.length - random.nextInt(3) * 7));
    for (int i = random.nextInt(4); i >= 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void mutations_areRefused_orRead_andNothingElseHappens(long seed) {
    Random random = new Random(seed);
    byte[] receipt = receipt().bytes();
    ClaimPromise promise =
        ClaimPromise.sign(
            IDENTITY,
            new byte[32],
            "t",
            "c",
            IDENTITY.peerId(),
            Instant.EPOCH,
            new byte[32],
            "other",
            "d");
    byte[] broken = new BrokenPromise(promise, receipt()).bytes();
    byte[] note = checkpoint(1).note().getBytes(StandardCharsets.UTF_8);
    byte[] fork = new Fork(checkpoint(1), checkpoint(2)).text().getBytes(StandardCharsets.UTF_8);
    byte[] entry =
        LedgerEntry.create(
                1, new byte[32], Instant.EPOCH, EntryType.RECEIPT, IDENTITY.peerId(), receipt)
            .bytes();
    int refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
      try {
        switch (i % 5) {
          case 0 -> Receipt.parse(mutated(receipt, random)).observation();
          case 1 -> BrokenPromise.parse(mutated(broken, random)).contradictions();
          case 2 -> SignedCheckpoint.parse(text(mutated(note, random)));
          case 3 -> Fork.parse(text(mutated(fork, random)));
          default -> LedgerEntry.parse(mutated(entry, random), receipt);
        }
      } catch (MalformedReceiptException | MalformedCheckpointException | LedgerException e) {
        assertThat(e.getMessage()).isNotEmpty();
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(ROUNDS / 4);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
