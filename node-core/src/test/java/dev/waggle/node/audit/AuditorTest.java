package dev.waggle.node.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.H2Ledger;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.ledger.Verification;
import dev.waggle.ledger.tlog.Fork;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import dev.waggle.mesh.swarm.audit.AuditMembers;
import dev.waggle.mesh.swarm.audit.AuditReply;
import dev.waggle.mesh.swarm.audit.AuditRequest;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.node.data.CheckpointStore;
import dev.waggle.node.data.NodeDatabase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real ledgers on disk, whose files are put back and replaced; the mesh is a method call. */
class AuditorTest {
  private @TempDir Path directory;
  private final List<Audited> all = new ArrayList<>();
  private Audited anna;
  private Audited ben;
  private Audited carl;

  /** A node as far as records go. */
  private final class Audited implements AuditMembers {
    final String name;
    final Identity identity = Identity.generate(new SecureRandom());
    final List<Conduct.Observed> faults = new ArrayList<>();
    H2Ledger ledger;
    NodeDatabase database;
    Auditor auditor;

    Audited(String name) throws Exception {
      this.name = name;
      open();
    }

    Path ledgerFile() {
      return directory.resolve(name + "-ledger.mv.db");
    }

    Path databaseFile() {
      return directory.resolve(name + "-node.mv.db");
    }

    void open() throws Exception {
      ledger = H2Ledger.open(ledgerFile(), identity, Clock.systemUTC());
      database = NodeDatabase.open(databaseFile());
      auditor =
          new Auditor(
              identity,
              ledger,
              new CheckpointStore(database),
              new Conduct(Clock.systemUTC(), faults::add),
              Clock.systemUTC(),
              Runnable::run);
      auditor.meet(this);
    }

    void close() {
      ledger.close();
      database.close();
    }

    /** Ends, gets back the files that were kept under a name, and begins anew. */
    void putBack(String kept, Path... files) throws Exception {
      close();
      for (Path each : files) {
        Files.delete(each);
        Files.copy(each.resolveSibling(kept + each.getFileName()), each);
      }
      open();
    }

    void keep(String as) throws Exception {
      close();
      for (Path each : List.of(ledgerFile(), databaseFile())) {
        Files.copy(each, each.resolveSibling(as + each.getFileName()));
      }
      open();
    }

    void write(String... facts) throws Exception {
      for (String each : facts) {
        ledger
            .append(EntryType.JOIN, identity.peerId(), each.getBytes(StandardCharsets.UTF_8))
            .get(10, TimeUnit.SECONDS);
      }
    }

    @Override
    public List<PeerId> connected() {
      return all.stream().filter(each -> each != this).map(each -> each.identity.peerId()).toList();
    }

    @Override
    public CompletableFuture<AuditReply> ask(PeerId member, AuditRequest request) {
      return CompletableFuture.completedFuture(
          of(member).auditor.onRequest(identity.peerId(), request));
    }

    @Override
    public void announceFork(byte[] evidence) {
      for (Audited each : all) {
        if (each != this && each.auditor.newFork(evidence).isPresent()) {
          each.auditor.onFork(evidence);
        }
      }
    }
  }

  private Audited of(PeerId id) {
    return all.stream().filter(each -> each.identity.peerId().equals(id)).findFirst().orElseThrow();
  }

  @BeforeEach
  void open() throws Exception {
    anna = new Audited("anna");
    ben = new Audited("ben");
    carl = new Audited("carl");
    all.addAll(List.of(anna, ben, carl));
  }

  @AfterEach
  void close() {
    all.forEach(Audited::close);
  }

  private SignedCheckpoint cosigned() {
    return anna.auditor.cosigned().orElseThrow();
  }

  @Test
  void record_isCosignedByAll_asItGrows_andOverRestarts() throws Exception {
    anna.write("one", "two");
    anna.auditor.round();
    assertThat(cosigned().checkpoint().size()).isEqualTo(2);
    assertThat(cosigned().cosignatures())
        .extracting(each -> each.witness())
        .containsExactlyInAnyOrder(ben.identity.peerId(), carl.identity.peerId());
    assertThat(ben.auditor.known(anna.identity.peerId()).orElseThrow().checkpoint())
        .isEqualTo(cosigned().checkpoint());
    anna.write("three");
    anna.close();
    anna.open();
    // It does not know any more what each has seen, and is told.
    anna.auditor.round();
    assertThat(cosigned().checkpoint().size()).isEqualTo(3);
    assertThat(cosigned().cosignatures()).hasSize(2);
    assertThat(anna.auditor.troubles()).isEmpty();
    assertThat(ben.auditor.troubles()).isEmpty();
    assertThat(SignedCheckpoint.parse(cosigned().note()).checkpoint())
        .isEqualTo(anna.ledger.checkpoint(3).checkpoint());
  }

  @Test
  void ledgerThatWasPutBack_isFoundByItsOwnNode() throws Exception {
    anna.write("one");
    anna.keep("old");
    anna.write("two", "three");
    anna.auditor.round();
    anna.putBack("old", anna.ledgerFile());
    assertThat(anna.auditor.troubles().get(anna.identity.peerId()))
        .contains("has 1 entries and had 3 already");
    // It does not go on as if nothing had happened.
    anna.write("other", "past", "here");
    anna.auditor.round();
    assertThat(ben.auditor.troubles()).isEmpty();
  }

  @Test
  void wholeDirectoryThatWasPutBack_isFoundByThePeers_andThenByItsNode() throws Exception {
    anna.write("one");
    anna.keep("old");
    anna.write("two", "three");
    anna.auditor.round();
    anna.putBack("old", anna.ledgerFile(), anna.databaseFile());
    assertThat(anna.auditor.troubles()).isEmpty();
    anna.auditor.round();
    assertThat(ben.auditor.troubles().get(anna.identity.peerId()))
        .contains("has 1 entries and had 3 already");
    assertThat(anna.auditor.troubles().get(anna.identity.peerId()))
        .contains("as others have seen it");
    assertThat(ben.faults).isEmpty();
  }

  @Test
  void otherPast_isProvedToEverybody_byTwoSignedNotes() throws Exception {
    anna.write("one");
    anna.keep("old");
    anna.write("two", "three");
    anna.auditor.round();
    anna.putBack("old", anna.ledgerFile(), anna.databaseFile());
    anna.write("another two", "another three", "four");
    anna.auditor.round();
    for (Audited each : List.of(ben, carl)) {
      Fork fork =
          Optional.ofNullable(each.auditor.forks().get(anna.identity.peerId())).orElseThrow();
      assertThat(Fork.parse(fork.text()).accused()).isEqualTo(anna.identity.peerId());
      assertThat(fork.one().checkpoint().size()).isEqualTo(3);
      assertThat(each.auditor.troubles().get(anna.identity.peerId())).contains("two stories");
      assertThat(each.faults)
          .extracting(Conduct.Observed::fault)
          .containsExactly(Fault.FORKED_LEDGER);
      each.close();
      each.open();
      assertThat(each.auditor.forks()).containsKey(anna.identity.peerId());
    }
  }

  @Test
  void forkThatOneSaw_isKnownToAll() throws Exception {
    anna.write("one");
    anna.keep("old");
    all.remove(carl);
    anna.write("two");
    anna.auditor.round();
    anna.putBack("old", anna.ledgerFile(), anna.databaseFile());
    all.remove(ben);
    all.add(carl);
    anna.write("another two");
    anna.auditor.round();
    assertThat(carl.auditor.troubles()).isEmpty();
    all.add(ben);
    anna.close();
    anna.open();
    anna.auditor.round();
    assertThat(carl.auditor.forks()).containsKey(anna.identity.peerId());
  }

  @Test
  void checkpointOfAnothersRecord_orOfNoRecord_isRefused() throws Exception {
    anna.write("one");
    String note = anna.ledger.head().note();
    assertThat(
            ben.auditor.onRequest(
                carl.identity.peerId(), new AuditRequest.Submit(note, 0, List.of())))
        .isInstanceOf(AuditReply.Refused.class);
    assertThat(
            ben.auditor.onRequest(
                carl.identity.peerId(), new AuditRequest.Submit("nonsense", 0, List.of())))
        .isInstanceOf(AuditReply.Refused.class);
    assertThat(ben.faults).extracting(Conduct.Observed::fault).containsExactly(Fault.MALFORMED);
    assertThat(ben.auditor.onRequest(carl.identity.peerId(), new AuditRequest.At(1)))
        .isInstanceOf(AuditReply.Refused.class);
    assertThat(ben.auditor.onRequest(carl.identity.peerId(), new AuditRequest.At(0)))
        .isInstanceOf(AuditReply.Own.class);
    assertThat(ben.auditor.newFork(note.getBytes(StandardCharsets.UTF_8))).isEmpty();
  }

  @Test
  void memberRecord_isReadOverTheNetworkAndChecked() throws Exception {
    for (int i = 0; i < 1_200; i++) {
      anna.ledger.append(EntryType.JOIN, anna.identity.peerId(), new byte[] {(byte) i});
    }
    anna.write("last");
    anna.auditor.round();
    await().until(() -> ben.auditor.known(anna.identity.peerId()).isPresent());
    anna.write("one more");
    List<Long> steps = new CopyOnWriteArrayList<>();
    Verification found =
        ben.auditor.verify(anna.identity.peerId(), (checked, total) -> steps.add(checked));
    assertThat(found.fault()).isEmpty();
    assertThat(found.entries()).isEqualTo(anna.ledger.head().checkpoint().size());
    assertThat(steps).startsWith(500L, 1_000L);
  }

  @Test
  void memberRecordThatIsAnother_isFound_andNamed() throws Exception {
    anna.write("one", "two");
    anna.keep("before-");
    anna.write("three");
    anna.auditor.round();
    await().until(() -> ben.auditor.known(anna.identity.peerId()).isPresent());
    anna.putBack("before-", anna.ledgerFile(), anna.databaseFile());
    assertThat(ben.auditor.verify(anna.identity.peerId(), (checked, total) -> {}).fault())
        .get()
        .extracting(Verification.Fault::cause)
        .asString()
        .contains("cosigned a record that was longer");
    anna.write("another three", "and four");
    assertThat(ben.auditor.verify(anna.identity.peerId(), (checked, total) -> {}).fault())
        .get()
        .extracting(Verification.Fault::cause)
        .asString()
        .contains("not the record that this node cosigned");
    assertThat(ben.auditor.troubles()).containsKey(anna.identity.peerId());
  }

  @Test
  void checkpointsSeen_areEntries_butNotEndlessly() throws Exception {
    anna.write("one");
    ben.write("one");
    for (int round = 0; round < 5; round++) {
      anna.auditor.round();
      ben.auditor.round();
      await().until(() -> ben.auditor.known(anna.identity.peerId()).isPresent());
    }
    await()
        .untilAsserted(
            () ->
                assertThat(ben.ledger.entries(1, 100))
                    .filteredOn(each -> each.type() == EntryType.CHECKPOINT)
                    .extracting(LedgerEntry::actor)
                    .containsOnlyOnce(anna.identity.peerId()));
    long size = ben.ledger.head().checkpoint().size();
    anna.write("two");
    anna.auditor.round();
    await()
        .until(
            () ->
                ben.auditor.known(anna.identity.peerId()).orElseThrow().checkpoint().size()
                    == anna.ledger.head().checkpoint().size());
    assertThat(ben.ledger.head().checkpoint().size()).isEqualTo(size);
  }
}
