package dev.waggle.mesh.libp2p.negotiation;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Varint;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One side of a multistream-select negotiation: bytes in, bytes out. Performs no I/O.
 *
 * <p>Call {@link #opening} once and send it; then {@link #onBytes} with what arrives, sending what
 * {@link #reply} returns after each call, until {@link #ended}. Bytes after the agreement are left
 * in the buffer for the protocol that was agreed.
 */
public final class Negotiation {
  /** The longest line, with its newline, in bytes. */
  public static final int LINE_BYTES_MAX = 1_024;

  private static final String MULTISTREAM = "/multistream/1.0.0";
  private static final String NOT_AVAILABLE = "na";
  // A peer may propose so many protocols before the negotiation is given up.
  private static final int PROPOSALS_MAX = 64;

  private final @Nullable List<String> proposals;
  private final Predicate<String> supported;
  private final ByteArrayOutputStream reply = new ByteArrayOutputStream();
  private boolean greeted;
  private boolean refused;
  private int proposed;
  private @Nullable String agreed;

  private Negotiation(@Nullable List<String> proposals, Predicate<String> supported) {
    this.proposals = proposals;
    this.supported = supported;
  }

  /** The side that proposes, in order of preference. */
  public static Negotiation initiator(List<String> proposals) {
    if (proposals.isEmpty()) {
      throw new IllegalArgumentException("nothing to propose");
    }
    return new Negotiation(List.copyOf(proposals), protocol -> false);
  }

  /** The side that accepts the first proposal which it supports. */
  public static Negotiation responder(Predicate<String> supported) {
    return new Negotiation(null, supported);
  }

  /** What to send first. The initiator's first proposal comes with its greeting. */
  public byte[] opening() {
    line(MULTISTREAM);
    if (proposals != null) {
      line(proposals.get(0));
    }
    return reply();
  }

  /** What to send now; empty when nothing. */
  public byte[] reply() {
    byte[] bytes = reply.toByteArray();
    reply.reset();
    return bytes;
  }

  /** The agreed protocol; empty until there is one. */
  public Optional<String> agreed() {
    return Optional.ofNullable(agreed);
  }

  /** Whether nothing more is to be negotiated: agreed, or every proposal was refused. */
  public boolean ended() {
    return agreed != null || refused;
  }

  /**
   * Takes what arrived, as far as it completes lines; the rest has to be given again with what
   * follows.
   *
   * @throws MalformedFrameException if the peer does not speak multistream-select
   */
  public void onBytes(ByteBuffer bytes) throws MalformedFrameException {
    while (!ended()) {
      int start = bytes.position();
      int length = Varint.read(bytes);
      if (length == 0 || length > LINE_BYTES_MAX) {
        throw new MalformedFrameException("a negotiation line has a bad length");
      }
      if (length < 0 || length > bytes.remaining()) {
        bytes.position(start);
        return;
      }
      byte[] line = new byte[length];
      bytes.get(line);
      if (line[length - 1] != '\n') {
        throw new MalformedFrameException("a negotiation line does not end");
      }
      onLine(new String(line, 0, length - 1, StandardCharsets.UTF_8));
    }
  }

  private void onLine(String line) throws MalformedFrameException {
    if (!greeted) {
      if (!line.equals(MULTISTREAM)) {
        throw new MalformedFrameException("the peer does not speak multistream-select 1.0.0");
      }
      greeted = true;
    } else if (proposals == null) {
      onProposal(line);
    } else {
      onAnswer(line, proposals);
    }
  }

  private void onProposal(String protocol) throws MalformedFrameException {
    if (++proposed > PROPOSALS_MAX) {
      throw new MalformedFrameException("too many proposals");
    }
    if (supported.test(protocol)) {
      agreed = protocol;
      line(protocol);
    } else {
      line(NOT_AVAILABLE);
    }
  }

  private void onAnswer(String line, List<String> all) throws MalformedFrameException {
    if (line.equals(all.get(proposed))) {
      agreed = line;
    } else if (!line.equals(NOT_AVAILABLE)) {
      throw new MalformedFrameException("an answer is for another proposal");
    } else if (++proposed < all.size()) {
      line(all.get(proposed));
    } else {
      refused = true;
    }
  }

  private void line(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Varint.write(reply, bytes.length + 1);
    reply.writeBytes(bytes);
    reply.write('\n');
  }
}
