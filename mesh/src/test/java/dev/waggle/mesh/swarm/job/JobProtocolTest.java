package dev.waggle.mesh.swarm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes of each message are fixed, and what is none of them is refused. */
class JobProtocolTest {
  private static final String JOB = "30313233343536373839616263646566";

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void requests_haveTheirBytes() throws Exception {
    String sha = "0123456789abcdef".repeat(4);
    List<String> all =
        List.of(
            "1801",
            "2001",
            "2a240a10" + JOB + "1210" + sha.substring(32),
            "3009",
            "3a10" + JOB,
            "42160a10" + JOB + "10031809",
            "4a160a10" + JOB + "10031809",
            "5210" + JOB,
            "5a10" + JOB,
            "62140a10" + JOB + "1003",
            "6a3a0a140a10" + JOB + "10031220" + sha + "1809");
    for (int i = 0; i < all.size(); i++) {
      JobRequest request = JobFuzz.REQUESTS.get(i);
      assertThat(hex(JobProtocol.encode(request, new byte[0]))).isEqualTo(all.get(i));
      byte[] bytes = HexFormat.of().parseHex(all.get(i));
      assertThat(JobProtocol.question(bytes).request()).isEqualTo(request);
    }
  }

  @Test
  void body_isBoundToTheQuestion() throws Exception {
    byte[] body = {1, 2, 3};
    JobProtocol.Question question =
        JobProtocol.question(JobProtocol.encode(new JobRequest.Submit(), body));
    assertThat(question.bodyBytes()).isEqualTo(3);
    assertThat(question.isOf(body)).isTrue();
    assertThat(question.isOf(new byte[] {1, 2, 4})).isFalse();
  }

  @Test
  void reasons_keepTheirCodes_andUnknownOnesAreFailures() throws Exception {
    assertThat(Arrays.stream(JobReply.Reason.values()).map(JobReply.Reason::code))
        .containsExactly(1, 2, 3, 4, 5, 6);
    JobReply.Refused later =
        JobProtocol.refusal(JobProtocol.answer(HexFormat.of().parseHex("1863220161")));
    assertThat(later).isEqualTo(new JobReply.Refused(JobReply.Reason.FAILED, "a"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // nothing
        "3000", // a list of none
        "30e907", // a longer page than any may be
        "3a03616263", // a short name
        "3a1030313233343536373839616263646547", // no hex digits
        "08ffffffff0f1801", // a negative length
        "0881808010 1801", // a longer body than any may be
        "3a10", // cut
      })
  void requestThatIsNone_isRefused(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThatThrownBy(() -> JobProtocol.question(bytes))
        .isInstanceOf(MalformedFrameException.class);
  }
}
