package dev.waggle.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.worker.engine.Digests;
import dev.waggle.worker.fake.FakeModelStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is given away: the files of offered models, and nothing else on the disk. */
class SharedModelsTest {
  private static final byte[] WEIGHTS = FakeModelStore.weights(6 * BlockRange.BLOCK_BYTES, 8);
  private static final BlobReply UNKNOWN = new BlobReply.Refused(BlobReply.Reason.UNKNOWN);

  private @TempDir Path directory;
  private final Queue<Runnable> hashing = new ArrayDeque<>();
  private final List<ModelOffer> offers = new ArrayList<>();
  private FakeModelStore store;
  private SharedModels models;

  @BeforeEach
  void open() throws Exception {
    store = new FakeModelStore(directory.resolve("store"));
    Files.createDirectories(directory.resolve("gguf"));
    models =
        new SharedModels(
            () -> offers,
            List.of(new OllamaStore(directory.resolve("nowhere")), new OllamaStore(store.root())),
            Optional.of(new GgufFolder(directory.resolve("gguf"))),
            member -> true,
            new HashedFiles(hashing::add));
  }

  private void offer(String name, String digest, String engine) {
    offers.add(new ModelOffer(name, digest, engine, 1, 0, /* loaded= */ false));
  }

  private static BlobDigest digest(byte[] content) {
    return Digests.of(content);
  }

  @Test
  void offeredModel_isDescribed_andItsBlobsAreOpen_oncehashed() throws Exception {
    String digest = store.add("bees:1b", WEIGHTS);
    assertThat(models.describe("bees:1b", digest)).as("not offered yet").isEmpty();
    assertThat(models.open(digest(WEIGHTS))).isEmpty();
    offer("bees:1b", digest, "ollama");
    ModelManifest.Ollama manifest =
        (ModelManifest.Ollama) models.describe("bees:1b", digest).orElseThrow();
    assertThat(OllamaManifest.parse(manifest.document()).blobs())
        .hasSize(5)
        .extracting(ModelFile::digest)
        .contains(digest(WEIGHTS));
    BlockRange all = new BlockRange(0, 9);
    assertThat(models.hashes(digest(WEIGHTS), all)).isInstanceOf(BlobReply.Preparing.class);
    assertThat(models.hashes(digest(WEIGHTS), all)).isInstanceOf(BlobReply.Preparing.class);
    assertThat(hashing).hasSize(1);
    hashing.remove().run();
    BlobReply.Hashes hashes = (BlobReply.Hashes) models.hashes(digest(WEIGHTS), all);
    assertThat(hashes.sizeBytes()).isEqualTo(WEIGHTS.length);
    assertThat(hashes.hashes()).hasSize(6 * 32);
    try (var channel = models.open(digest(WEIGHTS)).orElseThrow()) {
      assertThat(channel.size()).isEqualTo(WEIGHTS.length);
    }
    offers.clear();
    assertThat(models.open(digest(WEIGHTS))).as("no longer offered").isEmpty();
  }

  @Test
  void blobThatIsDamaged_isNotGivenOut() throws Exception {
    String digest = store.add("bees:1b", WEIGHTS);
    offer("bees:1b", digest, "ollama");
    byte[] damaged = WEIGHTS.clone();
    damaged[77] ^= 1;
    Files.write(store.blob("sha256:" + digest(WEIGHTS).hex()), damaged);
    assertThat(models.hashes(digest(WEIGHTS), new BlockRange(0, 1)))
        .isInstanceOf(BlobReply.Preparing.class);
    hashing.remove().run();
    assertThat(models.hashes(digest(WEIGHTS), new BlockRange(0, 1))).isEqualTo(UNKNOWN);
  }

  @Test
  void blobThatNoOfferedModelNames_andOtherFiles_areUnknown() throws Exception {
    byte[] secret = "another's".getBytes(StandardCharsets.UTF_8);
    store.add("hidden:1b", secret);
    offer("bees:1b", store.add("bees:1b", WEIGHTS), "ollama");
    assertThat(models.open(digest(secret))).isEmpty();
    assertThat(models.hashes(digest(secret), new BlockRange(0, 1))).isEqualTo(UNKNOWN);
  }

  @Test
  void manifestThatChangedSinceTheOffer_isNotGivenOut() throws Exception {
    String digest = store.add("bees:1b", WEIGHTS);
    store.add("bees:1b", FakeModelStore.weights(4, 4));
    offer("bees:1b", digest, "ollama");
    assertThat(models.describe("bees:1b", digest)).isEmpty();
  }

  @Test
  void links_areNotFollowed() throws Exception {
    byte[] secret = FakeModelStore.weights(100, 6);
    Path outside = Files.write(directory.resolve("secret"), secret);
    offer("bees:1b", store.add("bees:1b", WEIGHTS), "ollama");
    Path blob = store.blob("sha256:" + digest(WEIGHTS).hex());
    Files.delete(blob);
    Files.createSymbolicLink(blob, outside);
    assertThat(models.hashes(digest(WEIGHTS), new BlockRange(0, 1))).isEqualTo(UNKNOWN);
    assertThatThrownBy(() -> models.open(digest(WEIGHTS))).isInstanceOf(IOException.class);
    Files.createSymbolicLink(directory.resolve("gguf/linked.gguf"), outside);
    offer("linked", digest(secret).toString(), "llama.cpp");
    assertThat(models.describe("linked", digest(secret).toString())).isEmpty();
    assertThat(models.open(digest(secret))).isEmpty();
  }

  @Test
  void fileThatChangesAfterItsHashesWereStated_isNotGivenOut() throws Exception {
    byte[] small = FakeModelStore.weights(99, 9);
    Path file = Files.write(directory.resolve("gguf/tiny.gguf"), small);
    offer("tiny", digest(small).toString(), "llama.cpp");
    assertThat(models.hashes(digest(small), new BlockRange(0, 1)))
        .isInstanceOf(BlobReply.Hashes.class);
    models.open(digest(small)).orElseThrow().close();
    Files.write(file, FakeModelStore.weights(98, 1));
    assertThat(models.open(digest(small))).isEmpty();
    Files.delete(file);
    assertThat(models.open(digest(small))).isEmpty();
  }

  @Test
  void fileOfTheFolder_isDescribedByItsDigest() throws Exception {
    Files.write(directory.resolve("gguf/tiny.gguf"), WEIGHTS);
    offer("tiny", digest(WEIGHTS).toString(), "llama.cpp");
    assertThat(models.describe("tiny", digest(WEIGHTS).toString()))
        .contains(new ModelManifest.Gguf("tiny", digest(WEIGHTS), WEIGHTS.length));
    assertThat(models.describe("tiny", "sha256:" + "0".repeat(64))).isEmpty();
    assertThat(models.describe("../gguf/tiny", digest(WEIGHTS).toString())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "qwen3, registry.ollama.ai/library/qwen3/latest",
    "qwen3:8b, registry.ollama.ai/library/qwen3/8b",
    "anna/mine:q4_K_M, registry.ollama.ai/anna/mine/q4_K_M",
    "hf.co/anna/mine.gguf:Q4, hf.co/anna/mine.gguf/Q4",
  })
  void ollamaNames_haveTheirPlace(String name, String path) {
    assertThat(OllamaName.parse(name).orElseThrow().path()).isEqualTo(Path.of(path));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "..",
        "../x",
        "a/../b",
        "./a",
        "a//b",
        "/a",
        "a/b/c/d",
        "a:b:c",
        "a:..",
        "a b",
        "../../../etc/passwd",
        "-a",
        "a\\b",
        "a/.b:c"
      })
  void textThatIsNoOllamaName_hasNone(String name) {
    assertThat(OllamaName.parse(name)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "../x", ".hidden", "a/b", "a\\b", "a:b", "a\u0000b", "é"})
  void textThatIsNoFilesName_hasNoFile(String name) {
    assertThat(new GgufFolder(directory).file(name)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "nonsense",
        "{\"layers\":[]}",
        "{\"layers\":[{\"digest\":\"sha256:../../x\",\"size\":5}]}",
        "{\"layers\":[{\"digest\":\"sha256:%1$s\",\"size\":0}]}",
        "{\"layers\":[{\"digest\":\"sha256:%1$s\",\"size\":9e18}]}",
        "{\"layers\":[{\"digest\":\"sha256:%1$s\",\"size\":5}]}",
      })
  void manifestThatIsNone_isRefused(String form) {
    byte[] document = form.formatted("ab".repeat(32)).getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> OllamaManifest.parse(document)).isInstanceOf(IOException.class);
  }

  @Test
  void usualStores_followTheEnvironment() {
    Path home = directory.resolve("home");
    assertThat(OllamaStore.usual(Map.of(), home).get(0).root())
        .isEqualTo(home.resolve(".ollama/models"));
    assertThat(OllamaStore.usual(Map.of("OLLAMA_MODELS", "/data/models"), home).get(0).root())
        .isEqualTo(Path.of("/data/models"));
  }
}
