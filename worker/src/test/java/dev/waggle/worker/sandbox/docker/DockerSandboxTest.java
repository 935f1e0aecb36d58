package dev.waggle.worker.sandbox.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.dockerjava.api.model.Info;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.worker.sandbox.CodeResult;
import dev.waggle.worker.sandbox.Sandbox;
import dev.waggle.worker.sandbox.SandboxCompliance;
import dev.waggle.worker.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Docker engine, which the tests start; see {@link DockerEngine}. */
final class DockerSandboxTest extends SandboxCompliance {
  @TempDir static Path directory;

  private static DockerSandbox sandbox;
  private static Map<Language, String> proved;

  @BeforeAll
  static void prove() throws Exception {
    String absence = DockerEngine.absence();
    assumeTrue(absence == null, absence);
    sandbox = sandbox("the-node", DockerEngine.running().image());
    proved = sandbox.prove();
  }

  @AfterAll
  static void close() {
    if (sandbox != null) {
      sandbox.close();
    }
  }

  private static DockerSandbox sandbox(String node, String image) {
    Map<Language, String> images = new EnumMap<>(Language.class);
    DockerEngine.running().languages().forEach(each -> images.put(each, image));
    return new DockerSandbox(
        images, OWNER, directory, node, Optional.of(DockerEngine.running().host()));
  }

  @Override
  protected Sandbox sandbox() {
    return sandbox;
  }

  @Override
  protected Map<Language, String> proved() {
    return proved;
  }

  @Override
  protected Set<Language> languages() {
    return DockerEngine.running().languages();
  }

  @Test
  void engine_withoutLimits_isRefusedWithTheirNames() {
    assertThat(ContainerEngine.missing(new Info().withSecurityOptions(List.of("name=apparmor"))))
        .containsExactly(
            "seccomp filter",
            "memory limit",
            "swap limit",
            "limit of processes",
            "CPU limit",
            "Linux containers");
  }

  @Test
  void engine_whoseFilterIsOff_isRefused() {
    Info info = new Info().withSecurityOptions(List.of("name=seccomp,profile=unconfined"));
    assertThat(ContainerEngine.missing(info)).contains("seccomp filter");
  }

  @Test
  void engine_thatIsNotThere_isRefusedWithItsPlaceAndARemedy() {
    try (DockerSandbox lost =
        new DockerSandbox(
            Map.of(Language.PYTHON, "sha256:" + "0".repeat(64)),
            OWNER,
            directory,
            "other",
            Optional.of("unix:///nowhere/docker.sock"))) {
      assertThatThrownBy(lost::prove)
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining("/nowhere/docker.sock")
          .hasMessageContaining("DOCKER_HOST");
    }
  }

  @Test
  void image_namedByATag_isRefusedWithTheDigestToWrite() throws Exception {
    DockerEngine engine = DockerEngine.running();
    engine.docker("tag", engine.image(), "tests/python:3");
    try (DockerSandbox tagged = sandbox("other", "tests/python:3")) {
      assertThatThrownBy(tagged::prove)
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining("tests/python:3")
          .hasMessageContaining(engine.image());
    } finally {
      engine.docker("rmi", "tests/python:3");
    }
  }

  @Test
  void image_thatIsNotThere_isRefusedWithWhatToDo() {
    try (DockerSandbox missing = sandbox("other", "tests/none@sha256:" + "0".repeat(64))) {
      assertThatThrownBy(missing::prove)
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining("docker pull");
    }
  }

  @Test
  void image_withVolumes_isRefused() throws Exception {
    DockerEngine engine = DockerEngine.running();
    engine.docker("create", "--name", "with-volume", engine.image(), "true");
    engine.docker("commit", "--change", "VOLUME /data", "with-volume", "waggle/volume:1");
    String image = engine.docker("images", "-q", "--no-trunc", "waggle/volume:1");
    try (DockerSandbox voluminous = sandbox("other", image)) {
      assertThatThrownBy(voluminous::prove)
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining("volumes");
    } finally {
      engine.docker("rm", "-v", "with-volume");
      engine.docker("rmi", "waggle/volume:1");
    }
  }

  @Test
  void container_leftByACrash_isRemovedByTheNextStartOfItsNodeOnly() throws Exception {
    DockerEngine engine = DockerEngine.running();
    for (String node : List.of("crashed", "crashed-too")) {
      NodeProcess.killInTheMiddle(engine, node, directory);
    }
    assertThat(left(engine, "crashed")).isNotEmpty();
    try (DockerSandbox next = sandbox("crashed", engine.image())) {
      next.reap();
      assertThat(left(engine, "crashed")).isEmpty();
      assertThat(left(engine, "crashed-too")).isNotEmpty();
    }
    try (DockerSandbox last = sandbox("crashed-too", engine.image())) {
      last.reap();
    }
    assertThat(left(engine, "crashed-too")).isEmpty();
  }

  @Test
  void containers_ofTasksThatEnded_areGone() throws Exception {
    Language language = languages().iterator().next();
    CodeResult.of(start(language, scripts(language).fail(), OWNER));
    assertThat(left(DockerEngine.running(), "the-node")).isEmpty();
  }

  private static String left(DockerEngine engine, String node) throws Exception {
    return engine.docker(
        "ps", "-a", "-q", "--filter", "label=" + DockerSandbox.NODE_LABEL + "=" + node);
  }
}
