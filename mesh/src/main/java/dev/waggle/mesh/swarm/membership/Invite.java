package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Base32;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.Sha256;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.pb.InviteToken;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What lets one node into a swarm, once: the swarm, who redeems it and where, a secret, and until
 * when. Its text begins with {@value #PREFIX} and ends in a checksum, so that a mangled one is told
 * from a wrong one.
 *
 * @param secret 16 random bytes that the issuer knows by their hash
 * @param bound the only peer that it lets in; empty for whoever has it
 */
public record Invite(
    SwarmId swarm,
    PeerId issuer,
    List<Multiaddr> addresses,
    byte[] secret,
    Instant expiry,
    Optional<PeerId> bound) {
  /** How every token begins. */
  public static final String PREFIX = "waggle1";

  static final int SECRET_BYTES = 16;
  static final int ADDRESSES_MAX = 8;

  private static final int VERSION = 1;
  private static final int CHECKSUM_BYTES = 4;
  private static final int CHARACTERS_MAX = 4_096;

  public Invite {
    addresses = List.copyOf(addresses.subList(0, Math.min(ADDRESSES_MAX, addresses.size())));
  }

  /** The token to hand over. */
  public String token() {
    InviteToken.Builder token =
        InviteToken.newBuilder()
            .setVersion(VERSION)
            .setSwarm(ByteString.copyFrom(swarm.bytes()))
            .setIssuer(ByteString.copyFrom(issuer.multihash()))
            .setSecret(ByteString.copyFrom(secret))
            .setExpiryMs(expiry.toEpochMilli());
    bound.ifPresent(peer -> token.setBound(ByteString.copyFrom(peer.multihash())));
    addresses.forEach(address -> token.addAddresses(ByteString.copyFrom(address.bytes())));
    byte[] body = token.build().toByteArray();
    byte[] all =
        ByteBuffer.allocate(body.length + CHECKSUM_BYTES).put(body).put(checksum(body)).array();
    return PREFIX + Base32.encode(all);
  }

  /**
   * Reads a token.
   *
   * @throws MembershipException if it is none, or was mangled on its way
   */
  public static Invite parse(String text) throws MembershipException {
    String token = text.strip().toLowerCase(Locale.ROOT);
    if (!token.startsWith(PREFIX)) {
      throw new MembershipException(
          "that is no invite: one begins with \"" + PREFIX + "\" (run: waggle invite)");
    }
    byte[] all;
    try {
      all = Base32.decode(token.substring(PREFIX.length()), CHARACTERS_MAX);
    } catch (IllegalArgumentException e) {
      throw mangled(e);
    }
    if (all.length <= CHECKSUM_BYTES) {
      throw mangled(null);
    }
    byte[] body = Arrays.copyOf(all, all.length - CHECKSUM_BYTES);
    byte[] sum = Arrays.copyOfRange(all, body.length, all.length);
    if (!MessageDigest.isEqual(sum, checksum(body))) {
      throw mangled(null);
    }
    try {
      return of(InviteToken.parseFrom(body));
    } catch (InvalidProtocolBufferException
        | IllegalArgumentException
        | MalformedFrameException e) {
      throw mangled(e);
    }
  }

  private static Invite of(InviteToken token) throws MembershipException, MalformedFrameException {
    if (token.getVersion() != VERSION) {
      throw new MembershipException(
          "the invite is of version "
              + token.getVersion()
              + ", which this node does not know (update it)");
    }
    List<Multiaddr> addresses = new ArrayList<>();
    for (ByteString address : token.getAddressesList()) {
      addresses.add(Multiaddr.ofBytes(address.toByteArray()));
    }
    return new Invite(
        SwarmId.ofBytes(token.getSwarm().toByteArray()),
        PeerId.ofMultihash(token.getIssuer().toByteArray()),
        addresses,
        token.getSecret().toByteArray(),
        Instant.ofEpochMilli(token.getExpiryMs()),
        token.getBound().isEmpty()
            ? Optional.empty()
            : Optional.of(PeerId.ofMultihash(token.getBound().toByteArray())));
  }

  private static MembershipException mangled(@org.jspecify.annotations.Nullable Exception cause) {
    String message = "the invite is incomplete or was changed on its way (copy it again, whole)";
    return cause == null
        ? new MembershipException(message)
        : new MembershipException(message, cause);
  }

  /** What the issuer keeps of the secret. */
  static byte[] hash(byte[] secret) {
    return Sha256.of(secret);
  }

  private static byte[] checksum(byte[] body) {
    return Arrays.copyOf(Sha256.of(body), CHECKSUM_BYTES);
  }

  /** Shows no secret. */
  @Override
  public String toString() {
    return "Invite(" + swarm + ", " + issuer + ", " + expiry + ")";
  }
}
