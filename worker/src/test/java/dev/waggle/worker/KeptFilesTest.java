package dev.waggle.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.DiskSeal;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.PassphraseSource;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.Work;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.JobPart;
import dev.waggle.mesh.swarm.exchange.KeepId;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Logprob;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptFilesTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Chunk ANSWER = new Chunk.Output(false, Bytes.of("a member's secret"));
  private static final List<Chunk> CHUNKS =
      List.of(
          new Chunk.Text("é", List.of(new Logprob("é", List.of(0xc3, 0xa9), -0.5, List.of()))),
          new Chunk.Thinking("t"),
          new Chunk.Call(new ToolCall(0, "c1", "f", "{}")),
          new Chunk.Vector(1, List.of(0.5f, -1f)),
          ANSWER,
          new Chunk.Output(true, Bytes.of(new byte[] {0, -1})),
          new Chunk.Artifact("d/f", Bytes.of("part"), true),
          new Chunk.Exit(
              new ExitReport(
                  ExitReport.End.TIME, 137, Duration.ofMillis(5), Duration.ofMillis(6), 7, true)));

  private final Identity worker = Identity.generate(new SecureRandom());
  private final Identity requester = Identity.generate(new SecureRandom());
  private @TempDir Path directory;
  private DiskSeal seal;

  @BeforeEach
  void open() throws Exception {
    seal = IdentityStore.open(directory, new SecureRandom(), PassphraseSource.NONE).disk();
  }

  private Path folder() {
    return directory.resolve("kept");
  }

  private Path file(ClaimId claim) {
    return folder().resolve(claim.value());
  }

  private KeptResults results(Instant now) {
    return new KeptResults(Clock.fixed(now, ZoneOffset.UTC), new KeptFiles(folder(), seal));
  }

  private Assignment assignment(int number) {
    return new Assignment(
        TaskId.at(Instant.now()),
        ClaimId.random(),
        requester.peerId(),
        new TaskSpec.Code(Language.PYTHON, "print(" + number + ")"),
        Optional.of(new JobPart("a1", new KeepId("%032x".formatted(number)))),
        new byte[32]);
  }

  private static KeptResults.Ending ending(Instant ended) {
    Work work =
        new Work(
            1,
            2,
            3,
            4,
            Duration.ofMillis(5),
            Duration.ofMillis(6),
            Duration.ofMillis(7),
            true,
            8,
            100,
            "stop");
    Usage usage = new Usage(1, 2, Duration.ofMillis(5), Duration.ofMillis(6), Duration.ofMillis(7));
    return new KeptResults.Ending(
        work, usage, Outcome.FinishReason.STOP, ended.minusMillis(9), ended);
  }

  private Receipt half(Assignment assignment, KeptResults.Ending ending) {
    return Receipt.byWorker(
        new ReceiptBody(
            new byte[32],
            assignment.task().value(),
            assignment.claim().value(),
            assignment.requester(),
            worker.peerId(),
            "m",
            "sha256:d",
            "a1",
            ending.work(),
            ending.started(),
            ending.ended(),
            assignment.envelopeHash(),
            List.of()),
        worker);
  }

  /** Has a task end with these chunks. */
  private Assignment end(KeptResults results, int number, Instant ended, List<Chunk> chunks) {
    Assignment assignment = assignment(number);
    KeptResults.Recording recording = results.record(assignment).orElseThrow();
    chunks.forEach(recording::add);
    KeptResults.Ending ending = ending(ended);
    recording.end(ending, half(assignment, ending));
    return assignment;
  }

  private Optional<KeptResults.Kept> found(KeptResults results, int number) {
    return results.find(assignment(number)).flatMap(each -> each.join());
  }

  private long files() throws IOException {
    try (Stream<Path> all = Files.list(folder())) {
      return all.count();
    }
  }

  @Test
  void everyKindOfChunk_andTheEnd_surviveARestart_unreadable() throws Exception {
    Assignment ran = end(results(NOW), 1, NOW, CHUNKS);
    KeptResults.Kept kept = found(results(NOW), 1).orElseThrow();
    assertThat(kept.chunks()).isEqualTo(CHUNKS);
    assertThat(kept.ending()).isEqualTo(ending(NOW));
    assertThat(found(results(NOW), 2)).as("another task").isEmpty();
    assertThat(new String(Files.readAllBytes(file(ran.claim())), StandardCharsets.ISO_8859_1))
        .doesNotContain("secret");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())))
        .isEqualTo("rwx------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file(ran.claim()))))
        .isEqualTo("rw-------");
  }

  @Test
  void record_hasItsBytes() throws Exception {
    Assignment assignment = assignment(1);
    KeptName name = KeptName.of(assignment).orElseThrow();
    KeptResults.Ending ending = ending(NOW);
    KeptCodec.Named named =
        new KeptCodec.Named(name, new KeptResults.Kept(List.of(ANSWER), ending));
    byte[] bytes = KeptCodec.encode(named, half(assignment, ending)).toByteArray();
    assertThat(KeptCodec.decode(bytes)).isEqualTo(named);
    HexFormat hex = HexFormat.of();
    assertThat(hex.formatHex(bytes))
        .startsWith(
            "0801"
                + "1226"
                + hex.formatHex(requester.peerId().multihash())
                + "1a20"
                + hex.formatHex(ascii("%032x".formatted(1)))
                + "2220"
                + "0b296192c9d192fee98691ddd01a47124da6d9f65226647ac9b60214fad18bf5"
                + "2a13"
                + "2a11"
                + hex.formatHex(ascii("a member's secret"))
                + "32");
    bytes[1] = 2;
    assertThatThrownBy(() -> KeptCodec.decode(bytes)).hasMessageContaining("its format is 2");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void fileThatIsTornOrChanged_isDeleted_andHarmsNothing() throws Exception {
    Assignment good = end(results(NOW), 1, NOW, CHUNKS);
    Assignment bad = end(results(NOW), 2, NOW, CHUNKS);
    byte[] whole = Files.readAllBytes(file(bad.claim()));
    for (int length : new int[] {0, 1, 5, 33, whole.length / 2, whole.length - 1}) {
      assertUnusable(file(bad.claim()), Arrays.copyOf(whole, length));
    }
    assertUnusable(file(bad.claim()), Arrays.copyOf(whole, whole.length + 1));
    for (int at : new int[] {0, 7, whole.length / 2, whole.length - 1}) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 1;
      assertUnusable(file(bad.claim()), flipped);
    }
    assertUnusable(file(ClaimId.random()), whole);
    assertThat(found(results(NOW), 1)).isPresent();
    assertThat(file(good.claim())).exists();
    Files.write(file(bad.claim()), whole);
    assertThat(found(results(NOW), 2)).as("as it was").isPresent();
  }

  private void assertUnusable(Path file, byte[] content) throws IOException {
    Files.write(file, content);
    assertThat(found(results(NOW), 2)).isEmpty();
    assertThat(file).doesNotExist();
  }

  @Test
  void whatIsNoResultOfThisNode_isDeleted() throws Exception {
    Assignment kept = end(results(NOW), 1, NOW, CHUNKS);
    Files.writeString(folder().resolve("notes.txt"), "what is this?");
    Path target = Files.writeString(directory.resolve("target"), "stays");
    Files.createSymbolicLink(file(ClaimId.random()), target);
    Files.createDirectory(file(ClaimId.random()));
    assertThat(found(results(NOW), 1)).isPresent();
    assertThat(files()).isEqualTo(1);
    assertThat(target).exists();
    DiskSeal other =
        IdentityStore.open(
                Files.createDirectory(directory.resolve("other")),
                new SecureRandom(),
                PassphraseSource.NONE)
            .disk();
    assertThat(new KeptFiles(folder(), other).load(Instant.MIN)).isEmpty();
    assertThat(file(kept.claim())).doesNotExist();
  }

  @Test
  void whatIsSettled_orFails_orIsOld_isGone() throws Exception {
    KeptResults results = results(NOW);
    Assignment settled = end(results, 1, NOW, CHUNKS);
    end(results, 2, NOW, CHUNKS);
    end(results, 3, NOW.minus(KeptResults.KEPT).plusMillis(1), CHUNKS);
    KeptResults.Recording failing = results.record(assignment(4)).orElseThrow();
    failing.add(ANSWER);
    failing.fail();
    assertThat(files()).isEqualTo(3);
    results.settled(worker.peerId(), settled.claim());
    results.sweep();
    assertThat(files()).as("another member's word").isEqualTo(3);
    results.settled(requester.peerId(), settled.claim());
    results.sweep();
    assertThat(files()).isEqualTo(2);
    assertThat(found(results(NOW), 1)).isEmpty();

    KeptResults later = results(NOW.plusMillis(2));
    assertThat(files()).as("at a start").isEqualTo(1);
    assertThat(found(later, 2)).isPresent();
    KeptResults day = results(NOW.plus(KeptResults.KEPT));
    assertThat(found(day, 2)).isPresent();
    assertThat(found(results(NOW.plus(KeptResults.KEPT).plusMillis(1)), 2)).isEmpty();
    assertThat(files()).isZero();
  }

  @Test
  void whatIsTooMuch_goesOldestFirst_whileRunningAndAtAStart() throws Exception {
    // Each takes a good quarter of what all may take.
    Chunk large = new Chunk.Output(false, Bytes.of(new byte[Chunk.PART_BYTES_MAX]));
    List<Chunk> quarter =
        Collections.nCopies((int) (KeptResults.BYTES_OF_ONE_MAX / Chunk.PART_BYTES_MAX), large);
    KeptResults results = results(NOW);
    Path oldest = file(end(results, 1, NOW.plusMillis(1), quarter).claim());
    Files.setLastModifiedTime(oldest, FileTime.from(NOW));
    byte[] content = Files.readAllBytes(oldest);
    for (int number = 2; number <= 4; number++) {
      end(results, number, NOW.plusMillis(number), quarter);
    }
    assertThat(files()).as("what is too much goes while it runs").isEqualTo(3);
    assertThat(found(results, 1)).isEmpty();
    Files.write(oldest, content);
    Files.setLastModifiedTime(oldest, FileTime.from(NOW));
    KeptResults again = results(NOW);
    assertThat(files()).as("and at a start").isEqualTo(3);
    assertThat(found(again, 1)).isEmpty();
    assertThat(found(again, 4)).isPresent();
  }
}
