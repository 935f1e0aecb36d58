package dev.waggle.mesh.swarm.wire;

import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What envelopes hold: tasks, chunks, results. */
public final class ExchangeFuzz implements FuzzTarget {
  private interface Decoder {
    Object decode(byte[] input) throws MalformedFrameException;
  }

  @Override
  public void run(byte[] input) {
    List<Decoder> decoders =
        List.of(ExchangeCodec::decodeSpec, ExchangeCodec::decodeChunk, ExchangeCodec::decodeResult);
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
        ExchangeCodec.encode(
            (TaskSpec)
                new TaskSpec.Chat(
                    "m",
                    List.of(new ChatMessage(ChatMessage.Role.USER, "hi")),
                    new Sampling(
                        OptionalInt.of(1),
                        OptionalDouble.of(1),
                        OptionalDouble.of(1),
                        OptionalLong.of(1),
                        List.of("x")))),
        ExchangeCodec.encode((Chunk) new Chunk.Text("ab")),
        ExchangeCodec.encode(
            new TaskResult(
                new Outcome.Done(Outcome.FinishReason.STOP),
                new Usage(1, 2, Duration.ZERO, Duration.ZERO, Duration.ZERO),
                new byte[] {1})));
  }
}
