package dev.waggle.node.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.node.config.UpstreamConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpstreamModelTest {
  private static UpstreamModel at(HttpServer server) {
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/v1/");
    return new UpstreamModel(new UpstreamConfig(address, "m", Optional.of("shown-key")));
  }

  private static HttpServer server(int status, String answer, AtomicReference<String> heard)
      throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/chat/completions",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          heard.set(exchange.getRequestHeaders().getFirst("authorization") + " " + body);
          byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    return server;
  }

  @Test
  void question_isAskedWithoutItsSecrets() throws Exception {
    AtomicReference<String> heard = new AtomicReference<>("");
    HttpServer server = server(200, "{\"choices\":[{\"message\":{\"content\":\"code\"}}]}", heard);
    try {
      String prompt = "use password = hunter22 please";
      String answer = at(server).ask(List.of(new ChatMessage(ChatMessage.Role.USER, prompt)));
      assertThat(answer).isEqualTo("code");
      assertThat(heard.get())
          .contains("Bearer shown-key")
          .contains("use password = [secret] please")
          .doesNotContain("hunter22");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void labelledJobs_stayInTheSwarm() throws Exception {
    HttpServer server = server(500, "", new AtomicReference<>(""));
    try {
      assertThat(at(server).isAllowed(List.of())).isTrue();
      assertThat(at(server).isAllowed(List.of("lan-only"))).isFalse();
      assertThatThrownBy(() -> at(server).ask(List.of(new ChatMessage(ChatMessage.Role.USER, "x"))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("answered 500")
          .hasMessageNotContaining("shown-key");
    } finally {
      server.stop(0);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          key AKIAIOSFODNN7EXAMPLE end            | key [secret] end
          ghp_abcdefghijklmnopqrstuvwxyz0123456789 | [secret]
          sk-proj-abcdefghijklmnop1234            | [secret]
          xoxb-123456789012-abcdef                | [secret]
          api_key: 'abcdef123'                    | api_key: '[secret]'
          "token": "abcdef123"                    | "token": "[secret]"
          https://anna:geheim@host/x              | https://anna:[secret]@host/x
          Authorization: Bearer abcdefgh12        | Authorization: Bearer [secret]
          eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl  | [secret]
          def password_ok(x): return x            | def password_ok(x): return x
          skip the tokens list                    | skip the tokens list
          """)
  void secrets_areHidden_andTheRestStays(String text, String hidden) {
    assertThat(Secrets.hide(text)).isEqualTo(hidden);
  }

  @Test
  void privateKey_isHiddenWhole() {
    String key =
        "a\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----\nb";
    assertThat(Secrets.hide(key)).isEqualTo("a\n[secret]\nb");
  }
}
