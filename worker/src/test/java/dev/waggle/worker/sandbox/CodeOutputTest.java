package dev.waggle.worker.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.mesh.swarm.exchange.Chunk;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CodeOutputTest {
  private static List<Chunk> all(CodeOutput output) throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    output.end();
    output.deliver(chunks::add);
    return chunks;
  }

  @Test
  void output_upToItsLimit_isNotCut() throws Exception {
    CodeOutput output = new CodeOutput(10);
    output.write(false, new byte[6], 6);
    output.write(true, new byte[8], 4);
    assertThat(output.cut()).isFalse();
    assertThat(all(output)).extracting(Chunk::bytes).containsExactly(6L, 4L);
  }

  @Test
  void output_beyondTheLimitOfBothStreams_isCut() throws Exception {
    CodeOutput output = new CodeOutput(10);
    output.write(false, new byte[6], 6);
    output.write(true, new byte[8], 8);
    output.write(false, new byte[1], 1);
    assertThat(output.cut()).isTrue();
    assertThat(all(output)).extracting(Chunk::bytes).containsExactly(6L, 4L);
  }

  @Test
  void stream_isReadToItsEnd_inPartsThatFit() throws Exception {
    ByteArrayInputStream stream = new ByteArrayInputStream(new byte[300_000]);
    CodeOutput output = new CodeOutput(200_000);
    output.writeAll(false, stream);
    assertThat(stream.available()).isZero();
    List<Chunk> chunks = all(output);
    assertThat(chunks).allMatch(each -> each.bytes() <= Chunk.PART_BYTES_MAX);
    assertThat(chunks.stream().mapToLong(Chunk::bytes).sum()).isEqualTo(200_000);
  }

  @Test
  void write_ofMoreThanAPart_isSplit() throws Exception {
    CodeOutput output = new CodeOutput(1 << 20);
    output.write(false, new byte[100_000], 100_000);
    assertThat(all(output)).extracting(Chunk::bytes).containsExactly(65_536L, 34_464L);
  }
}
