package dev.waggle.worker.sandbox.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import dev.waggle.worker.sandbox.CodeOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a container writes: the output and the errors of its task, after each a mark, and then a
 * line with what the task took, and an archive of files. The mark and what follows come from within
 * the container; code that takes great pains can forge them, and then lies about itself only.
 */
final class ContainerSpeech extends ResultCallback.Adapter<Frame> {
  private static final Logger log = LoggerFactory.getLogger(ContainerSpeech.class);
  private static final int LINE_BYTES_MAX = 200;

  private final CodeOutput output;
  private final byte[] mark;
  private final OutputStream archive;
  private final Runnable onTooMuch;
  private long archiveRoom;
  private final Stream out = new Stream();
  private final Stream errors = new Stream();
  private @Nullable ByteArrayOutputStream line = new ByteArrayOutputStream();
  private @Nullable Taken taken;

  /** One of the two streams: what may be the begin of the mark, and whether it was there. */
  private static final class Stream {
    private byte[] held = new byte[0];
    private boolean marked;
  }

  /**
   * What a task took, as its container counted it.
   *
   * @param oomKills how many of its processes the kernel ended because memory was used up
   */
  record Taken(int code, Duration cpu, long peakBytes, long oomKills) {
    static Optional<Taken> parse(String line) {
      List<String> words = List.of(line.strip().split(" ", -1));
      if (words.size() != 5) {
        return Optional.empty();
      }
      try {
        long cpu = Long.parseLong(words.get(2));
        long peak = Long.parseLong(words.get(3));
        long kills = Long.parseLong(words.get(4));
        int code = Integer.parseInt(words.get(0));
        if (cpu < 0 || peak < 0) {
          return Optional.empty();
        }
        boolean micros = words.get(1).equals("us");
        return Optional.of(
            new Taken(
                code, micros ? Duration.ofNanos(1_000 * cpu) : Duration.ofNanos(cpu), peak, kills));
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
    }
  }

  /**
   * A container that has said nothing yet.
   *
   * @param archive takes the archive
   * @param archiveBytesMax how much of it
   * @param onTooMuch called when it is longer
   */
  ContainerSpeech(
      CodeOutput output,
      String mark,
      OutputStream archive,
      long archiveBytesMax,
      Runnable onTooMuch) {
    this.output = output;
    this.mark = mark.getBytes(StandardCharsets.US_ASCII);
    this.archive = archive;
    this.archiveRoom = archiveBytesMax;
    this.onTooMuch = onTooMuch;
  }

  @Override
  public synchronized void onNext(Frame frame) {
    byte @Nullable [] bytes = frame.getPayload();
    if (bytes == null) {
      return;
    }
    boolean error = frame.getStreamType() == StreamType.STDERR;
    Stream stream = error ? errors : out;
    if (!stream.marked) {
      byte[] all = Arrays.copyOf(stream.held, stream.held.length + bytes.length);
      System.arraycopy(bytes, 0, all, stream.held.length, bytes.length);
      int at = beginOfMark(all);
      output.write(error, all, at);
      stream.held = Arrays.copyOfRange(all, at, all.length);
      if (stream.held.length < mark.length) {
        return;
      }
      stream.marked = true;
      bytes = Arrays.copyOfRange(stream.held, mark.length, stream.held.length);
      stream.held = new byte[0];
      if (out.marked && errors.marked) {
        output.end();
      }
    }
    if (!error) {
      onFollowing(bytes);
    }
  }

  /** Where the mark begins, or what may become it; the end if it is not there. */
  private int beginOfMark(byte[] bytes) {
    for (int at = 0; at < bytes.length; at++) {
      int length = Math.min(mark.length, bytes.length - at);
      if (Arrays.equals(bytes, at, at + length, mark, 0, length)) {
        return at;
      }
    }
    return bytes.length;
  }

  private void onFollowing(byte[] bytes) {
    int at = 0;
    ByteArrayOutputStream head = line;
    while (head != null && at < bytes.length) {
      byte next = bytes[at++];
      if (next == '\n' || head.size() > LINE_BYTES_MAX) {
        taken = Taken.parse(head.toString(StandardCharsets.US_ASCII)).orElse(null);
        line = null;
        break;
      }
      head.write(next);
    }
    if (line != null || archiveRoom < 0) {
      return;
    }
    int length = bytes.length - at;
    archiveRoom -= length;
    try {
      if (archiveRoom < 0) {
        onTooMuch.run();
      } else {
        archive.write(bytes, at, length);
      }
    } catch (IOException e) {
      log.warn("the files of a task cannot be kept: {}", e.toString());
      archiveRoom = -1;
      onTooMuch.run();
    }
  }

  /** What the task took; empty as long as, and where, the container did not say. */
  synchronized Optional<Taken> taken() {
    return Optional.ofNullable(taken);
  }

  @Override
  public void onError(Throwable throwable) {
    log.debug("a container cannot be heard any more: {}", throwable.toString());
    super.onError(throwable);
    end();
  }

  @Override
  public void onComplete() {
    super.onComplete();
    end();
  }

  /** Takes no more: what is held back was output after all. */
  synchronized void end() {
    output.write(false, out.held, out.held.length);
    output.write(true, errors.held, errors.held.length);
    out.held = new byte[0];
    errors.held = new byte[0];
    output.end();
  }
}
