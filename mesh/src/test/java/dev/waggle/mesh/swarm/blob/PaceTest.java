package dev.waggle.mesh.swarm.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long LIMIT = 1 << 20;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 3);

  @Test
  void bytesBeyondTheLimit_waitForThoseBefore() {
    Pace pace = new Pace(LIMIT, nanos::get);
    assertThat(pace.take(LIMIT)).isEqualTo(Duration.ZERO);
    assertThat(pace.take(LIMIT / 2)).isEqualTo(Duration.ofSeconds(1));
    assertThat(pace.take(1)).isEqualTo(Duration.ofMillis(1_500));
  }

  @Test
  void timeThatPasses_letsBytesGo_butSavesNone() {
    Pace pace = new Pace(LIMIT, nanos::get);
    assertThat(pace.take(2 * LIMIT)).isEqualTo(Duration.ZERO);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(pace.take(LIMIT)).isEqualTo(Duration.ofSeconds(1));
    nanos.addAndGet(Duration.ofHours(1).toNanos());
    assertThat(pace.take(LIMIT)).isEqualTo(Duration.ZERO);
    assertThat(pace.take(LIMIT)).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void manyTakes_neverExceedTheLimitOverTheirTime() {
    Pace pace = new Pace(LIMIT, nanos::get);
    long begin = nanos.get();
    long bytes = 0;
    for (int i = 1; i <= 1_000; i++) {
      long piece = 1 + (i * 7_919L) % (64 << 10);
      nanos.addAndGet(pace.take(piece).toNanos());
      double seconds = (nanos.get() - begin) / 1e9;
      assertThat((double) bytes).isLessThanOrEqualTo(seconds * LIMIT + 1);
      bytes += piece;
    }
  }

  @Test
  void noLimit_neverWaits() {
    Pace pace = new Pace(0, nanos::get);
    assertThat(pace.take(Long.MAX_VALUE)).isEqualTo(Duration.ZERO);
    assertThat(pace.take(Long.MAX_VALUE)).isEqualTo(Duration.ZERO);
  }

  @Test
  void limitsOutOfRange_areRefused() {
    for (long limit : new long[] {-1, 1, Pace.BYTES_PER_SECOND_MIN - 1, Long.MAX_VALUE}) {
      assertThat(Pace.isLimit(limit)).isFalse();
      assertThatThrownBy(() -> new Pace(limit, nanos::get))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(new Pace(Pace.BYTES_PER_SECOND_MAX, nanos::get).take(Long.MAX_VALUE / 2)).isZero();
  }
}
