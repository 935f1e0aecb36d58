package dev.waggle.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.worker.engine.Digests;
import dev.waggle.worker.fake.FakeModelStore;
import dev.waggle.worker.fake.FakeOllama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole copies, from real files to real files; the mesh is a method call, Ollama a fake. */
@Timeout(60)
class ModelFetchTest {
  private static final String MODEL = "bees:1b";
  private static final int BLOCKS = 10;
  private static final byte[] WEIGHTS =
      FakeModelStore.weights((BLOCKS - 1) * BlockRange.BLOCK_BYTES + 99, 3);

  private @TempDir Path directory;
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
  private final DirectPeers peers = new DirectPeers();
  private final List<ModelTransfers> opened = new ArrayList<>();
  private FakeOllama ollama;
  private FakeModelStore local;
  private volatile long free = Long.MAX_VALUE;

  @BeforeEach
  void open() throws Exception {
    ollama = new FakeOllama();
    local = new FakeModelStore(directory.resolve("local"));
    // By this the store is known for the one that this Ollama uses.
    local.add("other:1b", FakeModelStore.weights(5, 1));
    ollama.use(local);
  }

  @AfterEach
  void close() {
    opened.forEach(ModelTransfers::close);
    ollama.close();
    timer.shutdownNow();
  }

  private static ModelOffer offer(String name, String digest, String engine) {
    return new ModelOffer(name, digest, engine, 1, 0, /* loaded= */ false);
  }

  private ModelTransfers transfers(List<OllamaStore> stores, List<ModelOffer> offers) {
    return transfers(stores, offers, directory.resolve("gguf"));
  }

  private ModelTransfers transfers(List<OllamaStore> stores, List<ModelOffer> offers, Path gguf) {
    return transfers(stores, offers, gguf, /* storeNamed= */ false);
  }

  private ModelTransfers transfers(
      List<OllamaStore> stores, List<ModelOffer> offers, Path gguf, boolean storeNamed) {
    ModelTransfers transfers =
        new ModelTransfers(
            new ModelTransfers.Parts(
                TransferRules.DEFAULT,
                () -> offers,
                member -> true,
                directory.resolve("transfers"),
                Optional.of(ollama.address()),
                stores,
                storeNamed,
                Optional.of(gguf),
                folder -> free,
                timer,
                Clock.systemUTC()));
    opened.add(transfers);
    return transfers;
  }

  /** A member that has the model in an Ollama of its own. */
  private DirectPeers.Member member(byte[] weights) throws IOException {
    FakeModelStore store = new FakeModelStore(directory.resolve("store" + peers.peers().size()));
    List<ModelOffer> offers = List.of(offer(MODEL, store.add(MODEL, weights), "ollama"));
    return peers.add(transfers(List.of(new OllamaStore(store.root())), offers).source(), offers);
  }

  private FetchedModel fetch(FetchRequest request, ModelTransfers.Progress progress)
      throws FetchException, InterruptedException {
    return transfers(List.of(new OllamaStore(local.root())), List.of())
        .fetch(peers, peers, request, progress);
  }

  private FetchedModel fetch() throws FetchException, InterruptedException {
    return fetch(new FetchRequest(MODEL, Optional.empty(), /* replace= */ false), (a, b) -> {});
  }

  private List<String> unfinished() throws IOException {
    Path folder = directory.resolve("transfers");
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }

  @Test
  void modelOfTwoMembers_comesFromBoth_andOllamaHasItUnderItsDigest() throws Exception {
    CyclicBarrier both = new CyclicBarrier(2);
    for (int i = 0; i < 2; i++) {
      DirectPeers.Member member = member(WEIGHTS);
      AtomicBoolean first = new AtomicBoolean(true);
      member.onRead =
          () -> {
            // Neither sends its first block of the weights before both are asked.
            if (first.compareAndSet(true, false)) {
              await(both);
            }
          };
    }
    FetchedModel fetched = fetch();
    assertThat(fetched.served().keySet())
        .containsExactlyInAnyOrderElementsOf(peers.peers().stream().map(p -> p.id()).toList());
    assertThat(fetched.served().values().stream().mapToLong(each -> each).sum())
        .as("the other model has the same template and so on")
        .isEqualTo(WEIGHTS.length);
    assertThat(fetched.localDigest()).isEqualTo(fetched.digest());
    assertThat(local.models()).containsEntry(MODEL, fetched.digest());
    assertThat(local.weights(MODEL)).isEqualTo(WEIGHTS);
    assertThat(unfinished()).isEmpty();
    assertThat(peers.blamed).isEmpty();
    assertThat(fetch().served()).as("it is here now").isEmpty();
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void sourceThatSendsWrongBytes_isBlamed_andTheOtherCompletesIt() throws Exception {
    DirectPeers.Member liar = member(WEIGHTS);
    DirectPeers.Member honest = member(WEIGHTS);
    CyclicBarrier both = new CyclicBarrier(2);
    AtomicInteger reads = new AtomicInteger();
    liar.onRead = () -> awaitFirst(both, reads, 2);
    honest.onRead = () -> awaitFirst(both, reads, 2);
    liar.sending =
        (block, bytes) -> {
          bytes[bytes.length / 2] ^= 1;
          return bytes;
        };
    FetchedModel fetched = fetch();
    assertThat(peers.blamed).containsExactly(liar.id);
    assertThat(fetched.served()).containsOnlyKeys(honest.id);
    assertThat(local.weights(MODEL)).isEqualTo(WEIGHTS);
  }

  private static void awaitFirst(CyclicBarrier barrier, AtomicInteger reads, int parties) {
    if (reads.incrementAndGet() <= parties) {
      await(barrier);
    }
  }

  @Test
  void sourceThatStatesTheHashesOfSomethingElse_isFoundOutByTheWhole_andReplaced()
      throws Exception {
    DirectPeers.Member liar = member(WEIGHTS);
    DirectPeers.Member honest = member(WEIGHTS);
    byte[] other = FakeModelStore.weights(WEIGHTS.length, 4);
    liar.answering = DirectPeers.stating((size, hashes) -> hashes(size, other, hashes));
    liar.sending = (block, bytes) -> block == 0 && bytes.length < 99 ? bytes : part(other, block);
    // The liar is heard first, so its word is tried first.
    AtomicInteger asked = new AtomicInteger();
    honest.answering =
        reply ->
            reply instanceof BlobReply.Hashes && asked.incrementAndGet() < 3
                ? new BlobReply.Preparing(Duration.ofMillis(50))
                : reply;
    FetchedModel fetched = fetch();
    assertThat(peers.blamed).containsExactly(liar.id);
    assertThat(fetched.served()).containsKey(honest.id);
    assertThat(local.weights(MODEL)).isEqualTo(WEIGHTS);
  }

  private static byte[] part(byte[] content, int block) {
    int from = (int) BlockRange.offset(block);
    return java.util.Arrays.copyOfRange(
        content, from, from + BlockRange.length(block, content.length));
  }

  private static BlobReply hashes(long size, byte[] content, byte[] truth) {
    if (size != content.length) {
      return new BlobReply.Hashes(size, truth);
    }
    byte[] hashes = new byte[truth.length];
    for (int block = 0; block < BlockRange.blocks(size); block++) {
      System.arraycopy(Digests.of(part(content, block)).bytes(), 0, hashes, block * 32, 32);
    }
    return new BlobReply.Hashes(size, hashes);
  }

  @Test
  void onlySourceThatLies_givesNothing() throws Exception {
    DirectPeers.Member liar = member(WEIGHTS);
    liar.sending = (block, bytes) -> new byte[bytes.length];
    assertThatThrownBy(this::fetch)
        .isInstanceOf(FetchException.class)
        .hasMessageContaining("is not what it stated");
    assertThat(peers.blamed).containsExactly(liar.id);
    assertThat(local.models()).doesNotContainKey(MODEL);
  }

  @Test
  void sourceThatDescribesAnotherModel_isBlamed() throws Exception {
    DirectPeers.Member liar = member(WEIGHTS);
    liar.answering =
        reply ->
            reply instanceof BlobReply.Model
                ? new BlobReply.Model(new ModelManifest.Ollama(MODEL, new byte[] {'{', '}'}))
                : reply;
    assertThatThrownBy(this::fetch).hasMessageContaining("describes another model");
    assertThat(peers.blamed).containsExactly(liar.id);
  }

  @Test
  void sourceThatDies_isReplaced_butNotBlamed() throws Exception {
    DirectPeers.Member dying = member(WEIGHTS);
    DirectPeers.Member other = member(WEIGHTS);
    AtomicInteger sent = new AtomicInteger();
    dying.sending =
        (block, bytes) -> {
          if (sent.incrementAndGet() > 2) {
            throw new IOException("the connection ended");
          }
          return bytes;
        };
    FetchedModel fetched = fetch();
    assertThat(fetched.served()).containsKey(other.id);
    assertThat(peers.blamed).isEmpty();
    assertThat(local.weights(MODEL)).isEqualTo(WEIGHTS);
  }

  @Test
  void copyThatWasBrokenOff_goesOnWhereItStopped() throws Exception {
    DirectPeers.Member member = member(WEIGHTS);
    CancellationException gone = new CancellationException("nobody waits for it");
    AtomicBoolean stuck = new AtomicBoolean();
    AtomicInteger large = new AtomicInteger();
    member.sending =
        (block, bytes) -> {
          if (bytes.length == BlockRange.BLOCK_BYTES && large.incrementAndGet() > 4) {
            stuck.set(true);
            throw new IOException("slow");
          }
          return bytes;
        };
    assertThatThrownBy(
            () ->
                fetch(
                    new FetchRequest(MODEL, Optional.empty(), /* replace= */ false),
                    (bytes, total) -> {
                      if (stuck.get()) {
                        throw gone;
                      }
                    }))
        .isSameAs(gone);
    assertThat(unfinished()).isNotEmpty();
    assertThat(local.models()).doesNotContainKey(MODEL);
    member.sending = (block, bytes) -> bytes;
    FetchedModel fetched = fetch();
    assertThat(fetched.served().get(member.id))
        .isLessThanOrEqualTo(fetched.sizeBytes() - 4L * BlockRange.BLOCK_BYTES);
    assertThat(local.weights(MODEL)).isEqualTo(WEIGHTS);
    assertThat(unfinished()).isEmpty();
  }

  @Test
  void diskWithoutTheRoom_isSaidBeforeAnythingIsFetched() throws Exception {
    DirectPeers.Member member = member(WEIGHTS);
    free = ModelFetch.RESERVE_BYTES + WEIGHTS.length - 1;
    assertThatThrownBy(this::fetch)
        .hasMessageContaining("\"bees:1b\" needs 0.0 GB")
        .hasMessageContaining("has 1.1 GB free")
        .extracting(e -> ((FetchException) e).kind())
        .isEqualTo(FetchException.Kind.NO_ROOM);
    assertThat(member.reads).hasValue(0);
    free = ModelFetch.RESERVE_BYTES + 2L * WEIGHTS.length;
    assertThat(fetch().served()).isNotEmpty();
  }

  @Test
  void otherModelWithTheName_staysUnlessItIsToBeReplaced() throws Exception {
    byte[] mine = FakeModelStore.weights(7, 9);
    local.add(MODEL, mine);
    member(WEIGHTS);
    assertThatThrownBy(this::fetch)
        .hasMessageContaining("--replace")
        .extracting(e -> ((FetchException) e).kind())
        .isEqualTo(FetchException.Kind.NAME_TAKEN);
    assertThat(local.weights(MODEL)).isEqualTo(mine);
    fetch(new FetchRequest(MODEL, Optional.empty(), /* replace= */ true), (a, b) -> {});
    assertThat(local.weights(MODEL)).isEqualTo(WEIGHTS);
  }

  @Test
  void ollamaWhoseStoreIsNotToBeWritten_isToldTheModel() throws Exception {
    DirectPeers.Member member = member(WEIGHTS);
    FetchedModel fetched =
        transfers(List.of(), List.of())
            .fetch(
                peers,
                peers,
                new FetchRequest(MODEL, Optional.of(member.id), /* replace= */ false),
                (a, b) -> {});
    assertThat(local.weights(MODEL)).isEqualTo(WEIGHTS);
    assertThat(fetched.localDigest()).isEqualTo(local.models().get(MODEL));
    assertThat(fetched.localDigest()).isNotEqualTo(fetched.digest());
    JsonNode told = local.created().get(0);
    assertThat(told.path("model").asText()).isEqualTo(MODEL);
    assertThat(told.path("template").asText()).isEqualTo("{{ .Prompt }}");
    assertThat(told.path("license").path(0).asText()).isEqualTo("none at all");
    assertThat(told.path("parameters").path("stop").path(0).asText()).isEqualTo("<end>");
    assertThat(told.path("files")).hasSize(1);
    assertThat(unfinished()).isEmpty();
  }

  @Test
  void storeWithoutModels_isUsedWhenItsOwnerNamedIt() throws Exception {
    member(WEIGHTS);
    Path root = Files.createDirectories(directory.resolve("fresh"));
    FetchRequest request = new FetchRequest(MODEL, Optional.empty(), /* replace= */ false);
    ModelTransfers transfers =
        transfers(
            List.of(new OllamaStore(root)),
            List.of(),
            directory.resolve("gguf"),
            /* storeNamed= */ true);
    // This Ollama uses another one.
    assertThatThrownBy(() -> transfers.fetch(peers, peers, request, (a, b) -> {}))
        .hasMessageContaining("does not show it");
    FakeModelStore fresh = new FakeModelStore(root);
    ollama.use(fresh);
    FetchedModel fetched = transfers.fetch(peers, peers, request, (a, b) -> {});
    assertThat(fetched.served()).as("it lay there already").isEmpty();
    assertThat(fetched.localDigest()).isEqualTo(fetched.digest());
    assertThat(fresh.weights(MODEL)).isEqualTo(WEIGHTS);
  }

  @Test
  void ggufFile_isCopiedIntoTheFolder() throws Exception {
    Path theirs = Files.createDirectories(directory.resolve("theirs"));
    Files.write(theirs.resolve("tiny.gguf"), WEIGHTS);
    String digest = Digests.of(WEIGHTS).toString();
    List<ModelOffer> offers = List.of(offer("tiny", digest, "llama.cpp"));
    peers.add(transfers(List.of(), offers, theirs).source(), offers);
    FetchRequest request = new FetchRequest("tiny", Optional.empty(), /* replace= */ false);
    FetchedModel fetched = fetch(request, (a, b) -> {});
    assertThat(fetched.localDigest()).isEqualTo(digest);
    assertThat(directory.resolve("gguf/tiny.gguf")).hasBinaryContent(WEIGHTS);
    assertThat(fetch(request, (a, b) -> {}).served()).isEmpty();
    Files.write(directory.resolve("gguf/tiny.gguf"), new byte[] {1});
    assertThatThrownBy(() -> fetch(request, (a, b) -> {})).hasMessageContaining("--replace");
  }

  @Test
  void wrongSizeOfAFile_isOutvotedAndBlamed_orFoundOutByTheWhole() throws Exception {
    Path theirs = Files.createDirectories(directory.resolve("theirs"));
    Files.write(theirs.resolve("tiny.gguf"), WEIGHTS);
    String digest = Digests.of(WEIGHTS).toString();
    List<ModelOffer> offers = List.of(offer("tiny", digest, "llama.cpp"));
    DirectPeers.Member liar = peers.add(transfers(List.of(), offers, theirs).source(), offers);
    liar.answering =
        reply ->
            reply instanceof BlobReply.Model model
                ? new BlobReply.Model(
                    new ModelManifest.Gguf(
                        "tiny", ((ModelManifest.Gguf) model.manifest()).digest(), 5))
                : reply;
    FetchRequest request = new FetchRequest("tiny", Optional.empty(), /* replace= */ false);
    assertThatThrownBy(() -> fetch(request, (a, b) -> {}))
        .hasMessageContaining("stated another size");
    assertThat(peers.blamed).containsExactly(liar.id);
    peers.add(transfers(List.of(), offers, theirs).source(), offers);
    peers.add(transfers(List.of(), offers, theirs).source(), offers);
    assertThat(fetch(request, (a, b) -> {}).served()).doesNotContainKey(liar.id).isNotEmpty();
  }

  @Test
  void memberBehindARelay_andUnknownModel_areNoSources() throws Exception {
    DirectPeers.Member member = member(WEIGHTS);
    FetchRequest unknown = new FetchRequest("unknown", Optional.empty(), /* replace= */ false);
    assertThatThrownBy(() -> fetch(unknown, (a, b) -> {}))
        .hasMessageContaining("no connected member offers it")
        .extracting(e -> ((FetchException) e).kind())
        .isEqualTo(FetchException.Kind.NOT_FOUND);
    member.route = Multiaddr.parse("/ip4/10.0.0.1/tcp/1/p2p/" + member.id + "/p2p-circuit");
    assertThatThrownBy(this::fetch).hasMessageContaining("a relay carries no models");
  }

  @Test
  void secondCopyAtTheSameTime_isPutOff() throws Exception {
    DirectPeers.Member member = member(WEIGHTS);
    ModelTransfers transfers = transfers(List.of(new OllamaStore(local.root())), List.of());
    FetchRequest request = new FetchRequest(MODEL, Optional.empty(), /* replace= */ false);
    List<FetchException.Kind> second = new ArrayList<>();
    member.onRead =
        () -> {
          try {
            transfers.fetch(peers, peers, request, (a, b) -> {});
          } catch (FetchException e) {
            second.add(e.kind());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    Map<?, ?> served = transfers.fetch(peers, peers, request, (a, b) -> {}).served();
    assertThat(served).isNotEmpty();
    assertThat(second).isNotEmpty().containsOnly(FetchException.Kind.BUSY);
  }
}
