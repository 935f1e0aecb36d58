package dev.waggle.mesh.swarm.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.capability.Advert;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Wanted;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.pb.CapabilityRecord;
import dev.waggle.mesh.swarm.pb.WantedModel;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a node can do, and what its users want, as bytes. */
class AdvertCodecTest {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[Identity.SEED_BYTES]);
  private static final Capability CAPABILITY =
      new Capability(
              "n",
              "1",
              List.of(new ModelOffer("m", "d", "e", 1, 2, true)),
              3,
              1,
              2,
              Duration.ofMillis(9),
              List.of())
          .wanting(List.of(new Wanted("m", 300), new Wanted("o", 1)));

  private static Advert advert(Capability capability) {
    return new Advert(
        1,
        Instant.ofEpochMilli(1),
        Duration.ofSeconds(30),
        CertificateChain.found(IDENTITY, IDENTITY.peerId(), "n", Instant.EPOCH),
        List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/1")),
        capability);
  }

  private static dev.waggle.mesh.swarm.pb.Advert message() throws Exception {
    return dev.waggle.mesh.swarm.pb.Advert.parseFrom(AdvertCodec.encode(advert(CAPABILITY)));
  }

  @Test
  void capability_hasItsBytes() throws Exception {
    assertThat(HexFormat.of().formatHex(message().getCapability().toByteArray()))
        .isEqualTo(
            "0a016e120131"
                + "1a0f0a016d1201641a0165200128023001"
                + "200328013002"
                + "4009"
                + "4a060a016d10ac02"
                + "4a050a016f1001");
    assertThat(AdvertCodec.decode(AdvertCodec.encode(advert(CAPABILITY))).capability())
        .isEqualTo(CAPABILITY);
  }

  @Test
  void nodeThatRunsNothing_stillSaysWhatItsUsersWant() {
    assertThat(CAPABILITY.withoutWork().wanted()).isEqualTo(CAPABILITY.wanted());
  }

  @Test
  void wishesThatCannotBe_areRefused() throws Exception {
    WantedModel good = WantedModel.newBuilder().setModel("m").setRequests(1).build();
    List<List<WantedModel>> hostile =
        List.of(
            List.of(good.toBuilder().setRequests(0).build()),
            List.of(good.toBuilder().setRequests(Wanted.REQUESTS_MAX + 1).build()),
            List.of(good.toBuilder().setRequests(-1).build()),
            List.of(good.toBuilder().setModel("").build()),
            List.of(good.toBuilder().setModelBytes(ByteString.copyFromUtf8("\u001b[2J")).build()),
            Collections.nCopies(Wanted.MODELS_MAX + 1, good));
    for (List<WantedModel> each : hostile) {
      CapabilityRecord record =
          message().getCapability().toBuilder().clearWanted().addAllWanted(each).build();
      byte[] bytes = message().toBuilder().setCapability(record).build().toByteArray();
      assertThatThrownBy(() -> AdvertCodec.decode(bytes))
          .as(each.toString())
          .isInstanceOf(MalformedFrameException.class);
    }
    CapabilityRecord most =
        message().getCapability().toBuilder()
            .clearWanted()
            .addAllWanted(IntStream.range(0, Wanted.MODELS_MAX).mapToObj(each -> good).toList())
            .build();
    AdvertCodec.decode(message().toBuilder().setCapability(most).build().toByteArray());
  }
}
