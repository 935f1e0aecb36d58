package dev.waggle.worker.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.Pace;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class BlockQueueTest {
  private final AtomicLong nanos = new AtomicLong();

  private BlockQueue queue(int blocks, int sources, long bytesPerSecond) {
    BitSet missing = new BitSet();
    missing.set(0, blocks);
    return new BlockQueue(missing, sources, new Pace(bytesPerSecond, nanos::get), nanos::get);
  }

  private static BlockRange take(BlockQueue queue) throws InterruptedException {
    return queue.take().orElseThrow().range();
  }

  @Test
  void shares_areDisjoint_andSmallEnoughForAll() throws Exception {
    BlockQueue queue = queue(20, 2, 0);
    assertThat(take(queue)).isEqualTo(new BlockRange(0, 3));
    assertThat(take(queue)).isEqualTo(new BlockRange(3, 3));
    assertThat(take(queue(1_000, 1, 0)).count()).isEqualTo(BlobRequest.READ_BLOCKS_MAX);
    assertThat(take(queue(1, 4, 0))).isEqualTo(new BlockRange(0, 1));
    assertThat(take(queue(1_000, 1, Pace.BYTES_PER_SECOND_MIN)).count()).isEqualTo(1);
    assertThat(take(queue(1_000, 1, 3L * BlockRange.BLOCK_BYTES)).count()).isEqualTo(3);
  }

  @Test
  void shareThatIsGivenBack_goesToTheNext_withoutWhatIsThere() throws Exception {
    BlockQueue queue = queue(4, 1, 0);
    BlockQueue.Share share = queue.take().orElseThrow();
    assertThat(queue.done(share.range().from())).isTrue();
    queue.giveBack(share);
    assertThat(take(queue).from()).isEqualTo(1);
  }

  @Test
  void blocksOfASlowSource_goToAnIdleOne_once() throws Exception {
    BlockQueue queue = queue(1, 1, 0);
    BlockQueue.Share slow = queue.take().orElseThrow();
    nanos.addAndGet(BlockQueue.SLOW_AFTER.toNanos() + 1);
    BlockQueue.Share again = queue.take().orElseThrow();
    assertThat(again.range()).isEqualTo(slow.range());
    assertThat(again.again()).isTrue();
    assertThat(queue.done(0)).isTrue();
    assertThat(queue.done(0)).as("the slow one comes too late").isFalse();
    assertThat(queue.needs(slow.range())).isFalse();
    assertThat(queue.await(Duration.ZERO)).isTrue();
    assertThat(queue.take()).isEmpty();
  }

  @Test
  void closedQueue_givesNothing() throws Exception {
    BlockQueue queue = queue(5, 1, 0);
    queue.close();
    assertThat(queue.take()).isEmpty();
    assertThat(queue.await(Duration.ofHours(1))).isFalse();
  }
}
