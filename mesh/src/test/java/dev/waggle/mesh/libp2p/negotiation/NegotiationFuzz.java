package dev.waggle.mesh.libp2p.negotiation;

import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Both sides of multistream-select. */
public final class NegotiationFuzz implements FuzzTarget {
  @Override
  public void run(byte[] input) {
    feed(Negotiation.responder("/noise"::equals), input);
    feed(Negotiation.initiator(List.of("/tls", "/noise")), input);
  }

  private static void feed(Negotiation negotiation, byte[] input) {
    negotiation.opening();
    try {
      for (int at = 0; at < input.length && !negotiation.ended(); at += 7) {
        negotiation.onBytes(ByteBuffer.wrap(input, at, Math.min(7, input.length - at)));
        negotiation.reply();
      }
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    String greeting = "\u0013/multistream/1.0.0\n";
    return List.of(
        (greeting + "\u0005/tls\n\u0007/noise\n").getBytes(StandardCharsets.ISO_8859_1),
        (greeting + "\u0003na\n\u0007/noise\nrest").getBytes(StandardCharsets.ISO_8859_1),
        (greeting + "\u0003ls\n").getBytes(StandardCharsets.ISO_8859_1));
  }
}
