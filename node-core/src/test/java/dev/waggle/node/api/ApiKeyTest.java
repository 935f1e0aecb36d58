package dev.waggle.node.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.node.Node;
import dev.waggle.node.config.Setting;
import dev.waggle.node.data.AccessToken.Scope;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An API that has a key asks every call for it, or for a token that is good for the call. */
@Timeout(30)
class ApiKeyTest {
  private static final String KEY = "0123456789abcdef";
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private @TempDir Path directory;

  private static int status(Node node, String path, String bearer) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + node.self().api() + path));
    if (!bearer.isEmpty()) {
      request.header("authorization", "Bearer " + bearer);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  @Test
  void everyCall_needsTheKeyOrATokenThatIsGoodForIt() throws Exception {
    try (Node node =
        Node.builder()
            .with(Setting.SANDBOX_MODE, "off")
            .dataDirectory(directory.resolve("node"))
            .api("127.0.0.1:0")
            .listen("/ip4/127.0.0.1/tcp/0")
            .mdns(false)
            .with(Setting.API_KEY, KEY)
            .with(Setting.OLLAMA, false)
            .with(Setting.LLAMA, false)
            .start()) {
      String chat = node.accessTokens().create("chat", Set.of(Scope.CHAT)).secret();
      String read = node.accessTokens().create("read", Set.of(Scope.READ)).secret();
      assertThat(status(node, "/healthz", "")).isEqualTo(200);
      assertThat(status(node, "/v1/models", "")).isEqualTo(401);
      assertThat(status(node, "/v1/models", KEY + "0")).isEqualTo(401);
      assertThat(status(node, "/v1/models", KEY)).isEqualTo(200);
      assertThat(status(node, "/v1/models", chat)).isEqualTo(200);
      assertThat(status(node, "/v1/models", read)).isEqualTo(403);
      assertThat(status(node, "/swarm/v1/status", "")).isEqualTo(401);
      assertThat(status(node, "/swarm/v1/status", read)).isEqualTo(200);
      assertThat(status(node, "/swarm/v1/ledger", read)).isEqualTo(200);
      assertThat(status(node, "/swarm/v1/ledger", chat)).isEqualTo(403);
      assertThat(status(node, "/swarm/v1/ledger", KEY)).isEqualTo(401);
    }
  }
}
