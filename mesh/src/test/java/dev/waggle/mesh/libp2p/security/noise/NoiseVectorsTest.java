package dev.waggle.mesh.libp2p.security.noise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.X25519KeyPair;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The vector of Noise_XX_25519_ChaChaPoly_SHA256 in the cacophony collection, on the parts that the
 * handshake is made of; libp2p's own messages have no prologue and fixed payloads.
 */
class NoiseVectorsTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final List<String> PAYLOADS =
      List.of(
          "4c756477696720766f6e204d69736573",
          "4d757272617920526f746862617264",
          "462e20412e20486179656b",
          "4361726c204d656e676572",
          "4a65616e2d426170746973746520536179",
          "457567656e2042f6686d20766f6e2042617765726b");
  private static final List<String> CIPHERTEXTS =
      List.of(
          "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
              + "4c756477696720766f6e204d69736573",
          "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
              + "81cbad1f276e038c48378ffce2b65285e08d6b68aaa3629a5a8639392490e5b9"
              + "bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f"
              + "8814c7194e83f23dbd8d162c9326ad",
          "c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a8"
              + "0ae475b9df0f169ae80a89be0865b57f58c9fea0d4ec82a286427402f113e4b6"
              + "ae769a1d95941d49b25030",
          "96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df",
          "3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5",
          "eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a58502ae3f");

  private static byte[] hex(String text) {
    return HEX.parseHex(text);
  }

  private static X25519KeyPair pair(String secret) {
    return new X25519KeyPair(hex(secret));
  }

  private static String join(byte[]... parts) {
    StringBuilder text = new StringBuilder();
    for (byte[] part : parts) {
      text.append(HEX.formatHex(part));
    }
    return text.toString();
  }

  @Test
  void xx_hasTheCiphertextsOfTheVector() throws Exception {
    X25519KeyPair is = pair("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1");
    X25519KeyPair ie = pair("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a");
    X25519KeyPair rs = pair("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893");
    X25519KeyPair re = pair("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b");
    SymmetricState state = new SymmetricState(hex("4a6f686e2047616c74"));
    List<String> sent = new ArrayList<>();

    // -> e
    state.mixHash(ie.publicKey());
    sent.add(join(ie.publicKey(), state.encryptAndHash(hex(PAYLOADS.get(0)))));
    // <- e, ee, s, es
    state.mixHash(re.publicKey());
    state.mixKey(re.agree(ie.publicKey()));
    byte[] responderKey = state.encryptAndHash(rs.publicKey());
    state.mixKey(rs.agree(ie.publicKey()));
    sent.add(join(re.publicKey(), responderKey, state.encryptAndHash(hex(PAYLOADS.get(1)))));
    // -> s, se
    byte[] initiatorKey = state.encryptAndHash(is.publicKey());
    state.mixKey(is.agree(re.publicKey()));
    sent.add(join(initiatorKey, state.encryptAndHash(hex(PAYLOADS.get(2)))));
    assertThat(HEX.formatHex(state.hash()))
        .isEqualTo("c8e5f64e846193be2a834104c2a009868d6c9f3bd3c186299888b488b2f1f58e");
    // Then each side in turn, the responder first.
    CipherState[] ciphers = state.split();
    for (int i = 3; i < PAYLOADS.size(); i++) {
      sent.add(join(ciphers[i % 2].encrypt(new byte[0], hex(PAYLOADS.get(i)))));
    }
    assertThat(sent).isEqualTo(CIPHERTEXTS);
  }
}
