package dev.waggle.mesh.libp2p.security.noise;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.X25519KeyPair;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.pb.NoiseExtensions;
import dev.waggle.mesh.libp2p.pb.NoiseHandshakePayload;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.util.List;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import org.jspecify.annotations.Nullable;

/**
 * One side of a Noise XX handshake with libp2p's payload: message in, message out. Performs no I/O
 * and takes its keys from outside.
 *
 * <p>Messages: the initiator's {@link #start}, the responder's answer to it, and the initiator's
 * answer to that; then {@link #result} is there on both sides.
 */
final class NoiseHandshake {
  private static final byte[] SIGNATURE_DOMAIN =
      "noise-libp2p-static-key:".getBytes(StandardCharsets.US_ASCII);

  /** What a handshake proves and yields. */
  record Result(PeerId peer, Optional<String> muxer, CipherState sending, CipherState receiving) {}

  private enum Next {
    START,
    FIRST,
    SECOND,
    THIRD,
    NOTHING
  }

  private final byte[] ownPayload;
  private final X25519KeyPair own;
  private final X25519KeyPair ephemeral;
  private final List<String> muxers;
  private final boolean initiator;
  private final SymmetricState state = new SymmetricState(new byte[0]);
  private Next next;
  private byte[] remoteEphemeral = new byte[0];
  private @Nullable Result result;

  /**
   * @param ownPayload what {@link #payload} made of the same key and muxers
   */
  NoiseHandshake(
      byte[] ownPayload,
      X25519KeyPair own,
      X25519KeyPair ephemeral,
      List<String> muxers,
      boolean initiator) {
    this.ownPayload = ownPayload;
    this.own = own;
    this.ephemeral = ephemeral;
    this.muxers = muxers;
    this.initiator = initiator;
    this.next = initiator ? Next.START : Next.FIRST;
  }

  /**
   * What a side says of itself: the identity, bound to its static key by a signature. The same in
   * every handshake of a host, so it is made once.
   */
  static byte[] payload(Identity identity, X25519KeyPair own, List<String> muxers) {
    return NoiseHandshakePayload.newBuilder()
        .setIdentityKey(ByteString.copyFrom(identity.peerId().publicKeyProtobuf()))
        .setIdentitySig(
            ByteString.copyFrom(identity.sign(concat(SIGNATURE_DOMAIN, own.publicKey()))))
        .setExtensions(NoiseExtensions.newBuilder().addAllStreamMuxers(muxers))
        .build()
        .toByteArray();
  }

  /** The initiator's first message. */
  byte[] start() {
    require(Next.START);
    next = Next.SECOND;
    state.mixHash(ephemeral.publicKey());
    return concat(ephemeral.publicKey(), state.encryptAndHash(new byte[0]));
  }

  /**
   * Takes the other side's message; returns the answer, empty when none is due.
   *
   * @throws MalformedFrameException if the message or the identity in it is not valid
   */
  byte[] onMessage(byte[] message) throws MalformedFrameException {
    try {
      return switch (next) {
        case FIRST -> onFirst(ByteBuffer.wrap(message));
        case SECOND -> onSecond(ByteBuffer.wrap(message));
        case THIRD -> onThird(ByteBuffer.wrap(message));
        default -> throw new MalformedFrameException("a handshake message too many");
      };
    } catch (AEADBadTagException e) {
      throw new MalformedFrameException("a handshake message does not decrypt");
    } catch (InvalidKeyException e) {
      throw new MalformedFrameException("a handshake message brings " + e.getMessage());
    }
  }

  Optional<Result> result() {
    return Optional.ofNullable(result);
  }

  private byte[] onFirst(ByteBuffer message)
      throws MalformedFrameException, AEADBadTagException, InvalidKeyException {
    remoteEphemeral = take(message, X25519KeyPair.KEY_BYTES);
    state.mixHash(remoteEphemeral);
    byte[] unused = state.decryptAndHash(rest(message));

    state.mixHash(ephemeral.publicKey());
    state.mixKey(ephemeral.agree(remoteEphemeral));
    byte[] key = state.encryptAndHash(own.publicKey());
    state.mixKey(own.agree(remoteEphemeral));
    next = Next.THIRD;
    return concat(ephemeral.publicKey(), key, state.encryptAndHash(ownPayload));
  }

  private byte[] onSecond(ByteBuffer message)
      throws MalformedFrameException, AEADBadTagException, InvalidKeyException {
    remoteEphemeral = take(message, X25519KeyPair.KEY_BYTES);
    state.mixHash(remoteEphemeral);
    state.mixKey(ephemeral.agree(remoteEphemeral));
    byte[] remoteStatic =
        state.decryptAndHash(take(message, X25519KeyPair.KEY_BYTES + CipherState.TAG_BYTES));
    state.mixKey(ephemeral.agree(remoteStatic));
    byte[] payload = state.decryptAndHash(rest(message));

    byte[] key = state.encryptAndHash(own.publicKey());
    state.mixKey(own.agree(remoteEphemeral));
    byte[] answer = concat(key, state.encryptAndHash(ownPayload));
    finish(payload, remoteStatic);
    return answer;
  }

  private byte[] onThird(ByteBuffer message)
      throws MalformedFrameException, AEADBadTagException, InvalidKeyException {
    byte[] remoteStatic =
        state.decryptAndHash(take(message, X25519KeyPair.KEY_BYTES + CipherState.TAG_BYTES));
    state.mixKey(ephemeral.agree(remoteStatic));
    finish(state.decryptAndHash(rest(message)), remoteStatic);
    return new byte[0];
  }

  private void finish(byte[] payload, byte[] remoteStatic) throws MalformedFrameException {
    next = Next.NOTHING;
    NoiseHandshakePayload parsed;
    try {
      parsed = NoiseHandshakePayload.parseFrom(payload);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("the handshake payload cannot be read");
    }
    PeerId peer = peer(parsed.getIdentityKey().toByteArray());
    if (!peer.verify(
        concat(SIGNATURE_DOMAIN, remoteStatic), parsed.getIdentitySig().toByteArray())) {
      throw new MalformedFrameException("the static key is not signed by the identity");
    }
    CipherState[] ciphers = state.split();
    result =
        new Result(
            peer,
            commonMuxer(parsed.getExtensions().getStreamMuxersList()),
            ciphers[initiator ? 0 : 1],
            ciphers[initiator ? 1 : 0]);
  }

  /**
   * The initiator's first that the responder has too (connections/inlined-muxer-negotiation.md).
   */
  private Optional<String> commonMuxer(List<String> remote) {
    List<String> preferred = initiator ? muxers : remote;
    List<String> other = initiator ? remote : muxers;
    return preferred.stream().filter(other::contains).findFirst();
  }

  private static PeerId peer(byte[] publicKey) throws MalformedFrameException {
    try {
      return PeerId.ofPublicKeyProtobuf(publicKey);
    } catch (IllegalArgumentException e) {
      throw new MalformedFrameException("the identity is no Ed25519 key");
    }
  }

  private void require(Next expected) {
    if (next != expected) {
      throw new IllegalStateException("the handshake is at " + next);
    }
  }

  private static byte[] take(ByteBuffer message, int length) throws MalformedFrameException {
    if (message.remaining() < length) {
      throw new MalformedFrameException("a handshake message is cut off");
    }
    byte[] taken = new byte[length];
    message.get(taken);
    return taken;
  }

  private static byte[] rest(ByteBuffer message) {
    byte[] rest = new byte[message.remaining()];
    message.get(rest);
    return rest;
  }

  private static byte[] concat(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }
}
