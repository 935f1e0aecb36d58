package dev.waggle.worker.engine;

import dev.waggle.mesh.swarm.exchange.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Cuts what an engine says into lines of bounded length. */
public final class LineReader {
  private final InputStream in;
  private final int bytesMax;
  private final byte[] buffer = new byte[8 << 10];
  private int at;
  private int end;

  /**
   * @param bytesMax the longest line
   */
  public LineReader(InputStream in, int bytesMax) {
    this.in = in;
    this.bytesMax = bytesMax;
  }

  /**
   * The next line that is not empty; null at the end of the stream.
   *
   * @throws EngineException if a line is too long
   */
  public byte @Nullable [] next() throws IOException, EngineException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      if (at == end) {
        at = 0;
        end = in.read(buffer);
        if (end < 0) {
          end = 0;
          return line.size() > 0 ? line.toByteArray() : null;
        }
      }
      int from = at;
      while (at < end && buffer[at] != '\n') {
        at++;
      }
      line.write(buffer, from, at - from);
      if (line.size() > bytesMax) {
        throw new EngineException(
            Outcome.Failure.LIMIT, "the engine sent a line beyond " + bytesMax + " bytes");
      }
      if (at < end) {
        at++;
        if (line.size() > 0) {
          return line.toByteArray();
        }
      }
    }
  }
}
