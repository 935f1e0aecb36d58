package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Identity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BrokenPromiseTest {
  private static final Identity WORKER = seed(1);
  private static final Identity OTHER = seed(2);
  private static final Identity REQUESTER = seed(3);

  private static Identity seed(int first) {
    byte[] seed = new byte[Identity.SEED_BYTES];
    seed[0] = (byte) first;
    return Identity.ofSeed(seed);
  }

  private static ClaimPromise promise(Identity worker) {
    return ClaimPromise.sign(
        worker,
        new byte[32],
        "task",
        "claim",
        REQUESTER.peerId(),
        Instant.EPOCH,
        new byte[32],
        "m",
        "sha256:00");
  }

  private static Receipt receipt(Identity worker, String task, String claim, String digest) {
    return Receipt.byWorker(
        new ReceiptBody(
            new byte[32],
            task,
            claim,
            REQUESTER.peerId(),
            worker.peerId(),
            "m",
            digest,
            "",
            new Work(1, 2, 3, 4, Duration.ZERO, Duration.ZERO, Duration.ZERO, false, 0, 0, "stop"),
            Instant.EPOCH,
            Instant.EPOCH,
            new byte[32],
            List.of()),
        worker);
  }

  @ParameterizedTest
  @CsvSource({
    "task, claim, sha256:00, 0",
    "task, claim, sha256:01, 1",
    "other, claim, sha256:01, 2",
    "other, another, sha256:01, 0"
  })
  void promiseAndReceipt_proveWhereTheyDiffer(
      String task, String claim, String digest, int contradictions) throws Exception {
    BrokenPromise made = new BrokenPromise(promise(WORKER), receipt(WORKER, task, claim, digest));
    BrokenPromise read = BrokenPromise.parse(made.bytes());
    assertThat(read.accused()).isEqualTo(WORKER.peerId());
    assertThat(read.contradictions()).hasSize(contradictions).isEqualTo(made.contradictions());
  }

  @Test
  void wordsOfTwoWorkers_proveNothing() {
    Receipt others = receipt(OTHER, "other", "claim", "sha256:01");
    assertThat(new BrokenPromise(promise(WORKER), others).contradictions()).isEmpty();
  }

  @Test
  void anyChangedByte_provesNothing() {
    byte[] bytes =
        new BrokenPromise(promise(WORKER), receipt(WORKER, "task", "claim", "sha256:01")).bytes();
    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      try {
        assertThat(BrokenPromise.parse(changed).contradictions()).as("byte %d", i).isEmpty();
      } catch (MalformedReceiptException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }

  @Test
  void tooLongOnes_areRefused() {
    assertThatThrownBy(() -> BrokenPromise.parse(new byte[BrokenPromise.BYTES_MAX + 1]))
        .isInstanceOf(MalformedReceiptException.class)
        .hasMessageContaining("too long");
  }
}
