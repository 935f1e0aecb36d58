package dev.waggle.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.SecureRandom;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PeerIdTest {
  private static final HexFormat HEX = HexFormat.of();

  // The Ed25519 vector of libp2p's peer-ids spec: the private key's first 32 bytes are the seed.
  private static final String SPEC_SEED =
      "7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d";
  private static final String SPEC_PUBLIC_PROTOBUF =
      "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";

  @Test
  void specVector_publicKeyProtobufMatches() {
    PeerId peer = Identity.ofSeed(HEX.parseHex(SPEC_SEED)).peerId();
    assertThat(HEX.formatHex(peer.publicKeyProtobuf())).isEqualTo(SPEC_PUBLIC_PROTOBUF);
    assertThat(peer.multihash()).startsWith(0x00, 0x24).hasSize(PeerId.BYTES);
  }

  @Test
  void text_inBothForms_isReadBack() {
    PeerId peer = Identity.ofSeed(HEX.parseHex(SPEC_SEED)).peerId();
    assertThat(peer.toString()).startsWith("12D3KooW");
    assertThat(PeerId.parse(peer.toString())).isEqualTo(peer);
    byte[] cid = new byte[2 + PeerId.BYTES];
    cid[0] = 1;
    cid[1] = 0x72;
    System.arraycopy(peer.multihash(), 0, cid, 2, PeerId.BYTES);
    assertThat(PeerId.parse("b" + Base32.encode(cid))).isEqualTo(peer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "b",
        "0OIl",
        "12D3KooW",
        "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
        "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe",
        "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA1",
        "\u0000\u001b[31m"
      })
  void textThatIsNoEd25519PeerId_isRefused(String text) {
    assertThatThrownBy(() -> PeerId.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void longText_isRefusedBeforeItIsDecoded() {
    assertThatThrownBy(() -> PeerId.parse("1".repeat(1_000_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("longer");
  }

  // RFC 8032, section 7.1, tests 1 to 3.
  @ParameterizedTest
  @CsvSource({
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60,"
        + "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a,'',"
        + "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
        + "cf9b46bd25bf5f0595bbe24655141438e7a100b",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb,"
        + "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c,72,"
        + "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
        + "0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7,"
        + "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025,af82,"
        + "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
        + "84dc6594a7c15e9716ed28dc027beceea1ec40a"
  })
  void rfc8032Vectors_signAndVerify(String seed, String publicKey, String message, String sig) {
    Identity identity = Identity.ofSeed(HEX.parseHex(seed));
    assertThat(HEX.formatHex(identity.peerId().publicKey())).isEqualTo(publicKey);
    byte[] bytes = HEX.parseHex(message);
    assertThat(HEX.formatHex(identity.sign(bytes))).isEqualTo(sig);
    assertThat(identity.peerId().verify(bytes, HEX.parseHex(sig))).isTrue();
  }

  @Test
  void signature_ofAnotherMessageOrPeerOrLength_doesNotVerify() {
    Identity identity = Identity.generate(new SecureRandom());
    byte[] message = {1, 2, 3};
    byte[] signature = identity.sign(message);
    assertThat(identity.peerId().verify(new byte[] {1, 2, 4}, signature)).isFalse();
    assertThat(Identity.generate(new SecureRandom()).peerId().verify(message, signature)).isFalse();
    assertThat(identity.peerId().verify(message, new byte[63])).isFalse();
    signature[5] ^= 1;
    assertThat(identity.peerId().verify(message, signature)).isFalse();
  }

  @Test
  void identity_neverShowsItsSecret() {
    Identity identity = Identity.ofSeed(HEX.parseHex(SPEC_SEED));
    assertThat(identity.toString()).doesNotContain(SPEC_SEED.substring(0, 8));
  }
}
