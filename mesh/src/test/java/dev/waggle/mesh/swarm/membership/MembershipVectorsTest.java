package dev.waggle.mesh.swarm.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.pb.CertificateBody;
import dev.waggle.mesh.swarm.pb.RevocationBody;
import dev.waggle.mesh.swarm.pb.SignedCertificate;
import dev.waggle.mesh.swarm.pb.SignedRevocation;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Certificates and invites as they were once written; they must be read the same for ever. */
class MembershipVectorsTest {
  private static final Identity OWNER = seed(1);
  private static final Identity ADMIN = seed(2);
  private static final Identity MEMBER = seed(3);
  private static final Instant ISSUED = Instant.parse("2026-01-01T00:00:00Z");

  /** Owner, admin and member have the seeds 1, 2 and 3 followed by 31 zeros. */
  private static final String CHAIN =
      "0a26002408011220cecc1507dc1ddd7295951c290888f095adb9044d1b73d696e6df065d683bd4fc"
          + "12e4010a9f0108011220fa4d86c3b551aa6cd7c3759d040c037ef2c6379f01880f453c7ef5374406"
          + "e4be1a26002408011220dadbd184a2d526f1ebdd5c06fdad9359b228759b4d7f79d66689fa254aad"
          + "854622066d656d6265722a010130c0a6e3b6b7333880a8aff4ac3442260024080112206b79c57e6a"
          + "095239282c04818e96112f3f03a4001ba97a564c23852a3f1ea5fc4a10a66836f58ea086b4fb4d6a"
          + "653f92e2a41240e2c1091b4e233fe1138311cbe4ba01759441ad9ab6d479dc6491de50f2fd8a4184"
          + "589bc44a261bce0f4bd601aceff7c2c701a7ff0d7d77f472f2a0044225d10a12e4010a9f01080112"
          + "20fa4d86c3b551aa6cd7c3759d040c037ef2c6379f01880f453c7ef5374406e4be1a260024080112"
          + "206b79c57e6a095239282c04818e96112f3f03a4001ba97a564c23852a3f1ea5fc220561646d696e"
          + "2a02010230c0a6e3b6b7333880a8aff4ac344226002408011220cecc1507dc1ddd7295951c290888"
          + "f095adb9044d1b73d696e6df065d683bd4fc4a104df4fb534018a7991f2eb7f5a8ca057b1240de3e"
          + "0ad9fdfc5a065641979198b959a70b4b6d304f8817c01f367274d9ab5ec5a1a03ae1a1760b42c7af"
          + "b5c33b436c8c492ade34bacdf11ca5d4be417b7f5000";

  private static final String REVOCATION =
      "0a930108011220fa4d86c3b551aa6cd7c3759d040c037ef2c6379f01880f453c7ef5374406e4be1a"
          + "26002408011220dadbd184a2d526f1ebdd5c06fdad9359b228759b4d7f79d66689fa254aad854620"
          + "80d0eab6b7332a26002408011220cecc1507dc1ddd7295951c290888f095adb9044d1b73d696e6df"
          + "065d683bd4fc32046c6f73743a10000000000000000000000000000000001240a136d0d2abe70883"
          + "a00dae571352aebf97ca5a4b308aba708b1ca88ac6686d1bf21af76ecd3caa208e566317b415e6f2"
          + "e2b77e07367461c65acf09b518b79d0c";

  private static final String TOKEN =
      "waggle1baareih2jwdmhnkrvjwnpq3vtucaya366lddphybrahukpd66u3uibxexyncmabebaareidlp"
          + "hcx42qjki4sqlaeqghjmejph4b2iaa3vf5fmtbdquvd6hvf7qraqbd7aaaacbqqzuvbaaaaaaaaaaaaa"
          + "aaaaaaaaaaaaabqqdiovnvxgnumjecb";

  private static Identity seed(int first) {
    byte[] seed = new byte[Identity.SEED_BYTES];
    seed[0] = (byte) first;
    return Identity.ofSeed(seed);
  }

  private static CertificateChain chain() throws MembershipException {
    return CertificateChain.parse(HexFormat.of().parseHex(CHAIN));
  }

  @Test
  void chain_isReadAndVerified() throws Exception {
    CertificateChain chain = chain();
    chain.verify(SwarmId.ofOwner(OWNER.peerId()), MEMBER.peerId(), ISSUED);
    assertThat(chain.leaf().name()).isEqualTo("member");
    assertThat(chain.leaf().roles()).containsExactly(Role.MEMBER);
    assertThat(chain.leaf().issuer()).isEqualTo(ADMIN.peerId());
    assertThat(chain.bytes()).isEqualTo(HexFormat.of().parseHex(CHAIN));
  }

  @Test
  void chain_isGoodForItsSubjectSwarmAndTimeOnly() throws Exception {
    CertificateChain chain = chain();
    SwarmId swarm = chain.swarm();
    assertThatThrownBy(() -> chain.verify(swarm, ADMIN.peerId(), ISSUED))
        .hasMessageContaining("another peer's");
    assertThatThrownBy(() -> chain.verify(SwarmId.ofOwner(ADMIN.peerId()), MEMBER.peerId(), ISSUED))
        .hasMessageContaining("another swarm");
    assertThatThrownBy(
            () -> chain.verify(swarm, MEMBER.peerId(), ISSUED.plus(CertificateChain.VALIDITY)))
        .hasMessageContaining("expired");
    assertThatThrownBy(() -> chain.verify(swarm, MEMBER.peerId(), ISSUED.minusSeconds(600)))
        .hasMessageContaining("not valid yet");
  }

  @Test
  void chain_withAnyByteChanged_doesNotVerify() throws Exception {
    byte[] bytes = HexFormat.of().parseHex(CHAIN);
    SwarmId swarm = chain().swarm();
    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      assertThatThrownBy(
              () -> CertificateChain.parse(changed).verify(swarm, MEMBER.peerId(), ISSUED))
          .as("byte %d", i)
          .isInstanceOf(MembershipException.class);
    }
  }

  @Test
  void certificate_saysWhichLabelsItsMemberHolds() throws Exception {
    Grant grant = new Grant("m", Role.granted("member"), Label.all(List.of("b", "team-a"), 2));
    CertificateChain made = CertificateChain.ofOwner(OWNER, MEMBER.peerId(), grant, ISSUED);
    CertificateChain read = CertificateChain.parse(made.bytes());
    read.verify(made.swarm(), MEMBER.peerId(), ISSUED);
    assertThat(read.leaf().grant()).isEqualTo(grant);
    assertThat(HexFormat.of().formatHex(made.bytes())).contains("520162" + "52067465616d2d61");
  }

  @Test
  void laterCertificate_countsInsteadOfAnEarlierOne_butNoAdminsOverAnAdmins() {
    CertificateChain admin =
        CertificateChain.ofOwner(
            OWNER, ADMIN.peerId(), new Grant("a", Role.granted("admin")), ISSUED);
    Grant plain = new Grant("m", Role.granted("member"));
    Instant later = ISSUED.plusMillis(1);
    CertificateChain first = admin.admit(ADMIN, MEMBER.peerId(), plain, ISSUED);
    CertificateChain second = admin.admit(ADMIN, MEMBER.peerId(), plain, later);
    assertThat(second.supersedes(first)).isTrue();
    assertThat(first.supersedes(second)).isFalse();
    assertThat(first.supersedes(first)).isFalse();
    CertificateChain other =
        CertificateChain.ofOwner(
            OWNER, MEMBER.peerId(), new Grant("o", Role.granted("admin")), ISSUED);
    assertThat(second.supersedes(other)).isFalse();
    assertThat(CertificateChain.ofOwner(OWNER, MEMBER.peerId(), plain, later).supersedes(other))
        .isTrue();
  }

  @Test
  void member_cannotAdmitOthers() throws Exception {
    CertificateChain forged =
        chain().admit(MEMBER, OWNER.peerId(), new Grant("friend", Set.of(Role.ADMIN)), ISSUED);
    assertThatThrownBy(() -> forged.verify(forged.swarm(), OWNER.peerId(), ISSUED))
        .isInstanceOf(MembershipException.class)
        .hasMessageContaining("no admin");
  }

  @Test
  void wordsOfOtherVersions_areRefused_howeverWellSigned() throws Exception {
    for (int version : new int[] {0, 2}) {
      CertificateBody body =
          CertificateBody.parseFrom(chain().toProtobuf().getCertificates(0).getBody()).toBuilder()
              .setVersion(version)
              .build();
      assertThatThrownBy(
              () ->
                  Certificate.parse(
                      SignedCertificate.newBuilder().setBody(body.toByteString()).build()))
          .isInstanceOf(MembershipException.class)
          .hasMessageContaining("version " + version + " is not supported");
      RevocationBody word = RevocationBody.newBuilder().setVersion(version).build();
      assertThatThrownBy(
              () ->
                  Revocation.of(SignedRevocation.newBuilder().setBody(word.toByteString()).build()))
          .isInstanceOf(MembershipException.class)
          .hasMessageContaining("version " + version + " is not supported");
    }
  }

  @Test
  void adminMadeByAnAdmin_isRefused() throws Exception {
    CertificateChain admin =
        CertificateChain.ofOwner(
            OWNER, ADMIN.peerId(), new Grant("admin", Role.granted("admin")), ISSUED);
    CertificateChain escalated =
        admin.admit(ADMIN, MEMBER.peerId(), new Grant("m", Role.granted("admin")), ISSUED);
    assertThatThrownBy(() -> escalated.verify(escalated.swarm(), MEMBER.peerId(), ISSUED))
        .isInstanceOf(MembershipException.class)
        .hasMessageContaining("not the owner");
  }

  @Test
  void revocation_isReadVerifiedAndWrittenTheSame() throws Exception {
    Revocation revocation = Revocation.parse(HexFormat.of().parseHex(REVOCATION));
    SwarmId swarm = SwarmId.ofOwner(OWNER.peerId());
    assertThat(revocation.verify(swarm)).isEqualTo(Revocation.Authority.OWNER);
    assertThat(revocation.subject()).isEqualTo(MEMBER.peerId());
    assertThat(revocation.reason()).isEqualTo("lost");
    assertThat(revocation.issued()).isEqualTo(ISSUED);
    assertThat(revocation.bytes()).isEqualTo(HexFormat.of().parseHex(REVOCATION));
    assertThatThrownBy(() -> revocation.verify(SwarmId.ofOwner(ADMIN.peerId())))
        .hasMessageContaining("another swarm");
  }

  @Test
  void revocation_withAnyByteChanged_isRefused() throws Exception {
    byte[] bytes = HexFormat.of().parseHex(REVOCATION);
    SwarmId swarm = SwarmId.ofOwner(OWNER.peerId());
    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      assertThatThrownBy(() -> Revocation.parse(changed).verify(swarm))
          .as("byte %d", i)
          .isInstanceOf(MembershipException.class);
    }
  }

  @Test
  void revocation_ofOneWhoMayNot_isRefused() throws Exception {
    SwarmId swarm = SwarmId.ofOwner(OWNER.peerId());
    Revocation byMember =
        Revocation.issue(
            MEMBER, Optional.of(chain()), swarm, ADMIN.peerId(), "", List.of(), ISSUED);
    assertThatThrownBy(() -> byMember.verify(swarm)).hasMessageContaining("no admin");
    Revocation byNobody =
        Revocation.issue(ADMIN, Optional.empty(), swarm, MEMBER.peerId(), "", List.of(), ISSUED);
    assertThatThrownBy(() -> byNobody.verify(swarm)).hasMessageContaining("does not show");
    Revocation withStolenChain =
        Revocation.issue(ADMIN, Optional.of(chain()), swarm, OWNER.peerId(), "", List.of(), ISSUED);
    assertThatThrownBy(() -> withStolenChain.verify(swarm)).hasMessageContaining("another peer's");
  }

  @Test
  void revocation_coversWhatWasIssuedBefore_andWhatItsAuthorityReaches() throws Exception {
    SwarmId swarm = SwarmId.ofOwner(OWNER.peerId());
    CertificateChain admin =
        CertificateChain.ofOwner(
            OWNER, ADMIN.peerId(), new Grant("admin", Role.granted("admin")), ISSUED);
    CertificateChain member =
        admin.admit(ADMIN, MEMBER.peerId(), new Grant("m", Role.granted("member")), ISSUED);
    Revocations known = new Revocations();
    Instant later = ISSUED.plusSeconds(60);
    Revocation byAdmin =
        Revocation.issue(ADMIN, Optional.of(admin), swarm, MEMBER.peerId(), "", List.of(), later);
    Revocation ofAnAdmin =
        Revocation.issue(ADMIN, Optional.of(admin), swarm, OWNER.peerId(), "", List.of(), later);
    assertThat(known.add(ofAnAdmin, ofAnAdmin.verify(swarm))).isTrue();
    CertificateChain founder = CertificateChain.found(OWNER, OWNER.peerId(), "founder", ISSUED);
    assertThat(known.covering(founder)).as("an admin does not revoke an admin").isEmpty();

    assertThat(known.covering(member)).isEmpty();
    assertThat(known.add(byAdmin, byAdmin.verify(swarm))).isTrue();
    assertThat(known.add(byAdmin, byAdmin.verify(swarm))).as("known").isFalse();
    assertThat(known.covering(member)).contains(byAdmin);
    CertificateChain again =
        admin.admit(
            ADMIN, MEMBER.peerId(), new Grant("m", Role.granted("member")), later.plusMillis(1));
    assertThat(known.covering(again)).as("issued later").isEmpty();

    // The owner revokes the admin: all its words go, but for those that are named.
    Revocation ofAdmin =
        Revocation.issue(OWNER, Optional.empty(), swarm, ADMIN.peerId(), "", List.of(), later);
    known.add(ofAdmin, ofAdmin.verify(swarm));
    assertThat(known.covering(admin)).contains(ofAdmin);
    assertThat(known.covering(again)).contains(ofAdmin);
    Revocation better =
        Revocation.issue(
            OWNER,
            Optional.empty(),
            swarm,
            ADMIN.peerId(),
            "",
            List.of(again.leaf().serial(), byAdmin.id()),
            later.plusSeconds(1));
    known.add(better, better.verify(swarm));
    assertThat(known.covering(again)).as("left standing").isEmpty();
    assertThat(known.covering(member)).isPresent();
  }

  @Test
  void invite_isReadAndWrittenTheSame() throws Exception {
    Invite invite = Invite.parse(TOKEN);
    assertThat(invite.swarm()).isEqualTo(SwarmId.ofOwner(OWNER.peerId()));
    assertThat(invite.issuer()).isEqualTo(ADMIN.peerId());
    assertThat(invite.addresses()).isEqualTo(List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/4301")));
    assertThat(Arrays.equals(invite.secret(), new byte[16])).isTrue();
    assertThat(invite.expiry()).isEqualTo(ISSUED);
    assertThat(invite.token()).isEqualTo(TOKEN);
  }
}
