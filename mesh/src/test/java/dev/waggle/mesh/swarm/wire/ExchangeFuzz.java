package dev.waggle.mesh.swarm.wire;

import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Duration;
import java.util.List;

/** What envelopes hold: tasks, chunks, results. */
public final class ExchangeFuzz implements FuzzTarget {
  private interface Decoder {
    Object decode(byte[] input) throws MalformedFrameException;
  }

  @Override
  public void run(byte[] input) {
    List<Decoder> decoders =
        List.of(SpecCodec::decode, ExchangeCodec::decodeChunk, ExchangeCodec::decodeResult);
    for (Decoder decoder : decoders) {
      try {
        decoder.decode(input);
      } catch (MalformedFrameException e) {
        // It says what is wrong.
      }
    }
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        SpecCodec.encode(CodecTest.RICH),
        SpecCodec.encode(CodecTest.COMPLETION),
        SpecCodec.encode(CodecTest.EMBEDDING),
        ExchangeCodec.encode(new Chunk.Vector(1, List.of(0.5f))),
        ExchangeCodec.encode(new Chunk.Call(new ToolCall(1, "i", "n", "{}"))),
        ExchangeCodec.encode(CodecTest.LIKELY),
        ExchangeCodec.encode((Chunk) new Chunk.Text("ab")),
        ExchangeCodec.encode(
            new TaskResult(
                new Outcome.Done(Outcome.FinishReason.STOP),
                new Usage(1, 2, Duration.ZERO, Duration.ZERO, Duration.ZERO),
                new byte[] {1})));
  }
}
