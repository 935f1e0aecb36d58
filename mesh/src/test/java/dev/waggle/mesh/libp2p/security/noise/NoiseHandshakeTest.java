package dev.waggle.mesh.libp2p.security.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.X25519KeyPair;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Random;
import javax.crypto.AEADBadTagException;
import org.junit.jupiter.api.Test;

/** The handshake's machine, both sides in one place and a man in the middle. */
class NoiseHandshakeTest {
  private static final String YAMUX = "/yamux/1.0.0";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Identity alice = Identity.generate(RANDOM);
  private final Identity bob = Identity.generate(RANDOM);

  private static NoiseHandshake side(Identity identity, boolean initiator, String... muxers) {
    X25519KeyPair own = X25519KeyPair.generate(RANDOM);
    List<String> offered = List.of(muxers);
    return new NoiseHandshake(
        NoiseHandshake.payload(identity, own, offered),
        own,
        X25519KeyPair.generate(RANDOM),
        offered,
        initiator);
  }

  @Test
  void bothSides_proveEachOther_andAgreeOnKeysAndMuxer() throws Exception {
    NoiseHandshake initiator = side(alice, true, "/other/1", YAMUX);
    NoiseHandshake responder = side(bob, false, YAMUX);
    byte[] second = responder.onMessage(initiator.start());
    byte[] third = initiator.onMessage(second);
    assertThat(responder.onMessage(third)).isEmpty();
    NoiseHandshake.Result atAlice = initiator.result().orElseThrow();
    NoiseHandshake.Result atBob = responder.result().orElseThrow();
    assertThat(atAlice.peer()).isEqualTo(bob.peerId());
    assertThat(atBob.peer()).isEqualTo(alice.peerId());
    assertThat(atAlice.muxer()).contains(YAMUX);
    assertThat(atBob.muxer()).contains(YAMUX);

    byte[] text = {1, 2, 3};
    byte[] sealed = atAlice.sending().encrypt(new byte[0], text);
    assertThat(sealed).isNotEqualTo(text);
    assertThat(atBob.receiving().decrypt(new byte[0], sealed)).isEqualTo(text);
    byte[] back = atBob.sending().encrypt(new byte[0], text);
    assertThat(back).isNotEqualTo(sealed);
    assertThat(atAlice.receiving().decrypt(new byte[0], back)).isEqualTo(text);
    // Every message has a nonce of its own: the same bytes again do not open.
    assertThatThrownBy(() -> atBob.receiving().decrypt(new byte[0], sealed))
        .isInstanceOf(AEADBadTagException.class);
  }

  @Test
  void sidesWithoutACommonMuxer_agreeOnNone() throws Exception {
    NoiseHandshake initiator = side(alice, true, "/a");
    NoiseHandshake responder = side(bob, false, "/b");
    responder.onMessage(initiator.onMessage(responder.onMessage(initiator.start())));
    assertThat(initiator.result().orElseThrow().muxer()).isEmpty();
    assertThat(responder.result().orElseThrow().muxer()).isEmpty();
  }

  @Test
  void anyByteChangedOnTheWay_endsTheHandshake() throws Exception {
    Random random = new Random(5);
    for (int i = 0; i < 60; i++) {
      NoiseHandshake initiator = side(alice, true, YAMUX);
      NoiseHandshake responder = side(bob, false, YAMUX);
      byte[] second = responder.onMessage(initiator.start());
      boolean late = random.nextBoolean();
      byte[] third = late ? initiator.onMessage(second) : second;
      byte[] changed = third.clone();
      changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(7));
      NoiseHandshake victim = late ? responder : initiator;
      assertThatThrownBy(() -> victim.onMessage(changed))
          .isInstanceOf(MalformedFrameException.class);
      assertThat(victim.result()).isEmpty();
    }
  }

  @Test
  void replayedThirdMessage_ofAnotherHandshake_isRefused() throws Exception {
    NoiseHandshake initiator = side(alice, true, YAMUX);
    NoiseHandshake first = side(bob, false, YAMUX);
    byte[] start = initiator.start();
    byte[] third = initiator.onMessage(first.onMessage(start));
    NoiseHandshake again = side(bob, false, YAMUX);
    assertThat(again.onMessage(start)).isNotEmpty();
    assertThatThrownBy(() -> again.onMessage(third)).isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void lowOrderKeys_areRefused() {
    byte[][] lowOrder = {new byte[32], new byte[32]};
    lowOrder[1][0] = 1;
    for (byte[] key : lowOrder) {
      assertThatThrownBy(() -> side(bob, false, YAMUX).onMessage(key))
          .isInstanceOf(MalformedFrameException.class)
          .hasMessageContaining("low order");
    }
  }

  @Test
  void identityThatDidNotSignTheStaticKey_isRefused() throws Exception {
    X25519KeyPair own = X25519KeyPair.generate(RANDOM);
    byte[] stolen = NoiseHandshake.payload(bob, X25519KeyPair.generate(RANDOM), List.of(YAMUX));
    NoiseHandshake impostor =
        new NoiseHandshake(stolen, own, X25519KeyPair.generate(RANDOM), List.of(YAMUX), false);
    NoiseHandshake initiator = side(alice, true, YAMUX);
    byte[] second = impostor.onMessage(initiator.start());
    assertThatThrownBy(() -> initiator.onMessage(second))
        .isInstanceOf(MalformedFrameException.class)
        .hasMessageContaining("not signed by the identity");
    assertThat(initiator.result()).isEmpty();
  }

  @Test
  void cutMessages_areRefused() throws Exception {
    NoiseHandshake initiator = side(alice, true, YAMUX);
    NoiseHandshake responder = side(bob, false, YAMUX);
    byte[] second = responder.onMessage(initiator.start());
    for (int length : new int[] {0, 31, 32, 79, second.length - 1}) {
      NoiseHandshake fresh = side(alice, true, YAMUX);
      assertThat(fresh.start()).hasSize(32);
      assertThatThrownBy(() -> fresh.onMessage(java.util.Arrays.copyOf(second, length)))
          .isInstanceOf(MalformedFrameException.class);
    }
    assertThatThrownBy(() -> side(bob, false).onMessage(new byte[31]))
        .isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void messageAfterTheEnd_isRefused() throws Exception {
    NoiseHandshake initiator = side(alice, true, YAMUX);
    NoiseHandshake responder = side(bob, false, YAMUX);
    byte[] third = initiator.onMessage(responder.onMessage(initiator.start()));
    responder.onMessage(third);
    assertThatThrownBy(() -> responder.onMessage(third))
        .isInstanceOf(MalformedFrameException.class);
  }
}
