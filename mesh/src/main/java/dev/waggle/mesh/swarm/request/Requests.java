package dev.waggle.mesh.swarm.request;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.RequestHeader;
import dev.waggle.mesh.swarm.membership.ClockSkew;
import dev.waggle.mesh.swarm.pb.SignedRequest;
import dev.waggle.mesh.swarm.request.RequestRefusedException.Reason;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Signs this node's requests and checks others'. A request is taken once: its nonce is remembered
 * for as long as its time would be believed, and a restart draws a new boot id, which makes void
 * whatever was signed before. Thread-safe; nothing blocks.
 */
public final class Requests {
  /** The most nonces that are remembered, some 30 MB of them. */
  static final int NONCES_MAX = 1 << 17;

  /**
   * The most of one sender, so that none uses up the memory of all: 136 requests a second for as
   * long as they are remembered.
   */
  static final int NONCES_OF_ONE_MAX = 1 << 15;

  // A request may come that much before its time and that much after.
  private static final Duration REMEMBERED = ClockSkew.MAX.multipliedBy(2);

  private record Nonce(PeerId sender, ByteString value) {}

  private record Remembered(Nonce nonce, Instant until) {}

  private final Identity identity;
  private final Clock clock;
  private final int ofOneMax;
  private final SecureRandom random = new SecureRandom();
  private final byte[] bootId = new byte[RequestHeader.BOOT_ID_BYTES];
  private final Set<Nonce> seen = new HashSet<>();
  private final Deque<Remembered> inOrder = new ArrayDeque<>();
  private final Map<PeerId, Integer> bySender = new HashMap<>();

  /** Draws the boot id of this run. */
  public Requests(Identity identity, Clock clock) {
    this(identity, clock, NONCES_OF_ONE_MAX);
  }

  /**
   * @param ofOneMax how many nonces of one sender are remembered
   */
  Requests(Identity identity, Clock clock, int ofOneMax) {
    this.identity = identity;
    this.clock = clock;
    this.ofOneMax = ofOneMax;
    random.nextBytes(bootId);
  }

  /** What requests to this node have to be bound to; a fresh copy. */
  public byte[] bootId() {
    return bootId.clone();
  }

  /**
   * Signs a request.
   *
   * @param recipientBootId as the recipient's hello had it
   */
  public SignedRequest sign(
      String protocol, PeerId recipient, byte[] recipientBootId, byte[] body) {
    byte[] nonce = new byte[RequestHeader.NONCE_BYTES];
    random.nextBytes(nonce);
    Instant time = Instant.ofEpochMilli(clock.millis());
    byte[] signature =
        new RequestHeader(protocol, identity.peerId(), recipient, recipientBootId, time, nonce)
            .sign(identity, body);
    return SignedRequest.newBuilder()
        .setBody(ByteString.copyFrom(body))
        .setTimeMs(time.toEpochMilli())
        .setNonce(ByteString.copyFrom(nonce))
        .setSignature(ByteString.copyFrom(signature))
        .build();
  }

  /**
   * Takes a request, once.
   *
   * @param sender whose connection it came on
   * @return its body, as it was received
   * @throws RequestRefusedException saying why not
   */
  public byte[] open(String protocol, PeerId sender, SignedRequest request)
      throws RequestRefusedException {
    Instant now = clock.instant();
    Instant time = Instant.ofEpochMilli(request.getTimeMs());
    if (Duration.between(time, now).abs().compareTo(ClockSkew.MAX) > 0) {
      throw new RequestRefusedException(Reason.CLOCK, now);
    }
    byte[] body = request.getBody().toByteArray();
    byte[] nonce = request.getNonce().toByteArray();
    boolean signed =
        nonce.length == RequestHeader.NONCE_BYTES
            && new RequestHeader(protocol, sender, identity.peerId(), bootId, time, nonce)
                .verify(body, request.getSignature().toByteArray());
    if (!signed) {
      throw new RequestRefusedException(Reason.SIGNATURE, now);
    }
    remember(new Nonce(sender, request.getNonce()), now);
    return body;
  }

  private synchronized void remember(Nonce nonce, Instant now) throws RequestRefusedException {
    while (!inOrder.isEmpty() && !inOrder.peek().until().isAfter(now)) {
      Nonce old = inOrder.remove().nonce();
      seen.remove(old);
      bySender.computeIfPresent(old.sender(), (id, count) -> count == 1 ? null : count - 1);
    }
    if (seen.contains(nonce)) {
      throw new RequestRefusedException(Reason.REPLAYED, now);
    }
    if (seen.size() >= NONCES_MAX || bySender.getOrDefault(nonce.sender(), 0) >= ofOneMax) {
      throw new RequestRefusedException(Reason.OVERLOADED, now);
    }
    seen.add(nonce);
    inOrder.add(new Remembered(nonce, now.plus(REMEMBERED)));
    bySender.merge(nonce.sender(), 1, Integer::sum);
  }
}
