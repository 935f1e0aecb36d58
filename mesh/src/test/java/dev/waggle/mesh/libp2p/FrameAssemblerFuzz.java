package dev.waggle.mesh.libp2p;

import dev.waggle.mesh.fuzz.FuzzTarget;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Frames come out the same however the bytes are cut. The first byte says how. */
public final class FrameAssemblerFuzz implements FuzzTarget {
  private static final int MAX = 1_000;

  @Override
  public void run(byte[] input) {
    if (input.length == 0) {
      return;
    }
    int step = 1 + (input[0] & 0x1f);
    byte[] rest = Arrays.copyOfRange(input, 1, input.length);
    List<byte[]> whole = frames(rest, Math.max(1, rest.length));
    List<byte[]> pieces = frames(rest, step);
    boolean same = whole.size() == pieces.size();
    for (int i = 0; same && i < whole.size(); i++) {
      same = Arrays.equals(whole.get(i), pieces.get(i));
    }
    if (!same) {
      throw new IllegalStateException("other frames in pieces of " + step);
    }
  }

  private static List<byte[]> frames(byte[] bytes, int step) {
    List<byte[]> frames = new ArrayList<>();
    FrameAssembler assembler = new FrameAssembler(MAX);
    try {
      for (int at = 0; at < bytes.length; at += step) {
        assembler.onBytes(
            ByteBuffer.wrap(bytes, at, Math.min(step, bytes.length - at)), frames::add);
      }
    } catch (MalformedFrameException e) {
      // What came before it counts.
    }
    return frames;
  }

  @Override
  public List<byte[]> seeds() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(3);
    for (int length : new int[] {0, 1, 5, 300}) {
      bytes.writeBytes(FrameAssembler.frame(new byte[length]).array());
    }
    return List.of(bytes.toByteArray());
  }
}
