package dev.waggle.mesh.swarm.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.RequestHeader;
import dev.waggle.mesh.MovableClock;
import dev.waggle.mesh.swarm.pb.SignedRequest;
import dev.waggle.mesh.swarm.request.RequestRefusedException.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** A request is taken once, from its sender, by the one it was made for, at about its time. */
class RequestsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final String PROTOCOL = "/waggle/test/1";
  private static final byte[] BODY = "body".getBytes(StandardCharsets.UTF_8);
  private static final Identity ANNA = identity(1);
  private static final Identity BEN = identity(2);

  private final Requests anna = requests(ANNA, NOW);
  private final Requests ben = requests(BEN, NOW);

  private static Identity identity(int first) {
    byte[] seed = new byte[Identity.SEED_BYTES];
    seed[0] = (byte) first;
    return Identity.ofSeed(seed);
  }

  private static Requests requests(Identity identity, Instant now) {
    return new Requests(identity, Clock.fixed(now, ZoneOffset.UTC));
  }

  private SignedRequest request() {
    return anna.sign(PROTOCOL, BEN.peerId(), ben.bootId(), BODY);
  }

  private static void assertRefused(
      Requests by, String protocol, PeerId sender, SignedRequest request, Reason reason) {
    assertThatThrownBy(() -> by.open(protocol, sender, request))
        .isInstanceOfSatisfying(
            RequestRefusedException.class,
            refused -> assertThat(refused.reason()).isEqualTo(reason));
  }

  @Test
  void request_isTakenOnce() throws Exception {
    SignedRequest request = request();
    assertThat(ben.open(PROTOCOL, ANNA.peerId(), request)).isEqualTo(BODY);
    assertRefused(ben, PROTOCOL, ANNA.peerId(), request, Reason.REPLAYED);
    assertThatCode(() -> ben.open(PROTOCOL, ANNA.peerId(), request())).doesNotThrowAnyException();
  }

  @Test
  void request_isVoidForAnybodyElse_andAfterARestart() {
    SignedRequest request = request();
    assertRefused(ben, "/waggle/other/1", ANNA.peerId(), request, Reason.SIGNATURE);
    assertRefused(ben, PROTOCOL, BEN.peerId(), request, Reason.SIGNATURE);
    assertRefused(anna, PROTOCOL, ANNA.peerId(), request, Reason.SIGNATURE);
    assertRefused(requests(BEN, NOW), PROTOCOL, ANNA.peerId(), request, Reason.SIGNATURE);
  }

  @Test
  void changedRequest_isRefused() {
    SignedRequest request = request();
    ByteString other = ByteString.copyFromUtf8("other");
    for (SignedRequest changed :
        new SignedRequest[] {
          request.toBuilder().setBody(other).build(),
          request.toBuilder().setTimeMs(request.getTimeMs() + 1).build(),
          request.toBuilder().setNonce(ByteString.copyFrom(new byte[16])).build(),
          request.toBuilder().setNonce(other).build(),
          request.toBuilder().setSignature(ByteString.copyFrom(new byte[64])).build(),
          request.toBuilder().clearSignature().build(),
          SignedRequest.newBuilder().setTimeMs(NOW.toEpochMilli()).build()
        }) {
      assertRefused(ben, PROTOCOL, ANNA.peerId(), changed, Reason.SIGNATURE);
    }
  }

  @Test
  void requestOfAnotherTime_isRefused_withTheReceiversTime() {
    Requests late = requests(ANNA, NOW.minus(Duration.ofMinutes(7)));
    SignedRequest request = late.sign(PROTOCOL, BEN.peerId(), ben.bootId(), BODY);
    assertThatThrownBy(() -> ben.open(PROTOCOL, ANNA.peerId(), request))
        .isInstanceOfSatisfying(
            RequestRefusedException.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo(Reason.CLOCK);
              assertThat(refused.time()).isEqualTo(NOW);
            });
    Requests nearly = requests(ANNA, NOW.plus(Duration.ofMinutes(2)));
    assertThatCode(
            () ->
                ben.open(
                    PROTOCOL,
                    ANNA.peerId(),
                    nearly.sign(PROTOCOL, BEN.peerId(), ben.bootId(), BODY)))
        .doesNotThrowAnyException();
  }

  @Test
  void oneSender_doesNotUseUpTheMemoryOfAll_andIsHeardAgainLater() throws Exception {
    MovableClock clock = new MovableClock(Clock.fixed(NOW, ZoneOffset.UTC));
    Requests narrow = new Requests(BEN, clock, 3);
    Requests asking = new Requests(ANNA, clock);
    Requests carl = new Requests(identity(3), clock);
    for (int i = 0; i < 3; i++) {
      assertThat(narrow.open(PROTOCOL, ANNA.peerId(), to(narrow, asking))).isEqualTo(BODY);
    }
    assertRefused(narrow, PROTOCOL, ANNA.peerId(), to(narrow, asking), Reason.OVERLOADED);
    assertThat(narrow.open(PROTOCOL, identity(3).peerId(), to(narrow, carl))).isEqualTo(BODY);
    clock.move(Duration.ofMinutes(5));
    assertThat(narrow.open(PROTOCOL, ANNA.peerId(), to(narrow, asking))).isEqualTo(BODY);
  }

  private static SignedRequest to(Requests receiver, Requests sender) {
    return sender.sign(PROTOCOL, BEN.peerId(), receiver.bootId(), BODY);
  }

  // Seeds 1 and 2 followed by zeros; boot id of sevens, nonce of nines.
  @Test
  void signature_isTheSameForEver() {
    byte[] bootId = new byte[RequestHeader.BOOT_ID_BYTES];
    byte[] nonce = new byte[RequestHeader.NONCE_BYTES];
    Arrays.fill(bootId, (byte) 7);
    Arrays.fill(nonce, (byte) 9);
    RequestHeader header =
        new RequestHeader(PROTOCOL, ANNA.peerId(), BEN.peerId(), bootId, NOW, nonce);
    assertThat(HexFormat.of().formatHex(header.sign(ANNA, BODY)))
        .isEqualTo(
            "45dc87d09581e920655fdcda3dea7ff3165bb13a20519fe75b2b67dc46865379"
                + "8261ca283fe93166b6130eaec3da943edfde6e9d5e3343d47a56c7a79a0a220a");
  }
}
