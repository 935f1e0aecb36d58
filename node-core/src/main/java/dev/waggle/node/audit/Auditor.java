package dev.waggle.node.audit;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.Ledger;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.ledger.Verification;
import dev.waggle.ledger.tlog.Checkpoint;
import dev.waggle.ledger.tlog.Cosignature;
import dev.waggle.ledger.tlog.Fork;
import dev.waggle.ledger.tlog.MalformedCheckpointException;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import dev.waggle.ledger.tlog.Witness;
import dev.waggle.mesh.libp2p.RecentMap;
import dev.waggle.mesh.swarm.audit.AuditMembers;
import dev.waggle.mesh.swarm.audit.AuditReply;
import dev.waggle.mesh.swarm.audit.AuditRequest;
import dev.waggle.mesh.swarm.audit.AuditServer;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.node.data.CheckpointStore;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings this node's checkpoints to the connected members, who cosign them, and judges theirs, by
 * the rules of C2SP tlog-witness. Who shows a record that is shorter than before, or another, is
 * found out here. Thread-safe.
 */
public final class Auditor implements AuditServer {
  /** The most members that are asked in one round. */
  static final int WITNESSES_MAX = SignedCheckpoint.COSIGNATURES_MAX;

  /** How often a member's checkpoint becomes an entry; all that are cosigned are kept elsewhere. */
  static final Duration RECORD_STEP = Duration.ofHours(1);

  private static final int RECORDED_MAX = 1_000;

  private static final Logger log = LoggerFactory.getLogger(Auditor.class);

  private final Identity identity;
  private final Ledger ledger;
  private final CheckpointStore store;
  private final Conduct conduct;
  private final Clock clock;
  private final Executor blocking;
  private final Witness witness;
  private final Map<PeerId, Fork> forks = new ConcurrentHashMap<>();
  private final Map<PeerId, String> troubles = new ConcurrentHashMap<>();

  // What each witness cosigned last of this node's record.
  private final Map<PeerId, Long> cosignedBy = new ConcurrentHashMap<>();
  private final Map<PeerId, Instant> recorded = new RecentMap<>(RECORDED_MAX);
  private final Set<PeerId> asked = ConcurrentHashMap.newKeySet();
  private volatile Optional<SignedCheckpoint> own;
  private volatile AuditMembers members = new Nobody();

  /**
   * Reads what is known, and compares this node's own record with what others cosigned of it;
   * blocks.
   *
   * @param blocking runs what waits for the disk
   */
  public Auditor(
      Identity identity,
      Ledger ledger,
      CheckpointStore store,
      Conduct conduct,
      Clock clock,
      Executor blocking) {
    this.identity = identity;
    this.ledger = ledger;
    this.store = store;
    this.conduct = conduct;
    this.clock = clock;
    this.blocking = blocking;
    this.witness = new Witness(identity);
    this.own = store.of(identity.peerId());
    forks.putAll(store.forks());
    own.ifPresent(known -> compare(known, "its file was put back or replaced"));
  }

  /** Whom to ask from now on. */
  public void meet(AuditMembers others) {
    members = others;
  }

  /** The proofs of forks that are known, by the node that told two stories. */
  public Map<PeerId, Fork> forks() {
    return Map.copyOf(forks);
  }

  /** What is wrong with records, this node's own among them, for people. */
  public Map<PeerId, String> troubles() {
    return Map.copyOf(troubles);
  }

  /** The last checkpoint of this node's own record that others cosigned. */
  public Optional<SignedCheckpoint> cosigned() {
    return own;
  }

  /** The last checkpoint of a member's record that this node cosigned; blocks. */
  public Optional<SignedCheckpoint> known(PeerId member) {
    return store.of(member);
  }

  /**
   * Reads a member's whole record from it and checks that each entry follows the one before, that
   * its signed checkpoint covers them, and that they are those that this node cosigned; blocks.
   * What entries say stays with the member.
   *
   * @throws AuditException if the member does not show it
   */
  public Verification verify(PeerId member, Verification.Progress progress) throws AuditException {
    Optional<SignedCheckpoint> known = store.of(member);
    Verification found = new RecordCheck(members, member, known).run(progress);
    if (!found.valid()) {
      onTrouble(member, "its ledger does not verify: " + found.fault().orElseThrow().cause());
      known.ifPresent(checkpoint -> question(member, checkpoint));
    }
    return found;
  }

  // ---- this node's own record

  /** Brings the latest checkpoint to members that have not seen it; to be called now and then. */
  public void round() {
    SignedCheckpoint head = ledger.head();
    long size = head.checkpoint().size();
    if (size == 0 || troubles.containsKey(identity.peerId())) {
      return;
    }
    members.connected().stream()
        .filter(each -> cosignedBy.getOrDefault(each, 0L) < size)
        .limit(WITNESSES_MAX)
        .filter(asked::add)
        .forEach(each -> bring(each, head));
  }

  private void bring(PeerId to, SignedCheckpoint head) {
    try {
      submit(to, head, /* again= */ true)
          .whenComplete(
              (done, failure) -> {
                asked.remove(to);
                if (failure != null) {
                  log.debug("{} does not cosign now: {}", to, failure.getMessage());
                }
              });
    } catch (RejectedExecutionException e) {
      asked.remove(to);
      log.debug("too busy to have the ledger cosigned; the next round does it");
    }
  }

  private CompletableFuture<Void> submit(PeerId to, SignedCheckpoint head, boolean again) {
    long from = cosignedBy.getOrDefault(to, 0L);
    long size = head.checkpoint().size();
    return CompletableFuture.supplyAsync(() -> ledger.consistency(from, size), blocking)
        .thenCompose(proof -> members.ask(to, new AuditRequest.Submit(head.note(), from, proof)))
        .thenComposeAsync(reply -> onReply(to, head, reply, again), blocking);
  }

  private CompletableFuture<Void> onReply(
      PeerId from, SignedCheckpoint head, AuditReply reply, boolean again) {
    try {
      if (reply instanceof AuditReply.Cosigned cosigned) {
        SignedCheckpoint note = SignedCheckpoint.parse(cosigned.note());
        Optional<Cosignature> added =
            note.cosignatures().stream().filter(each -> each.witness().equals(from)).findFirst();
        if (note.checkpoint().agreesWith(head.checkpoint()) && added.isPresent()) {
          keepOwn(note, added.get());
          cosignedBy.put(from, head.checkpoint().size());
        }
      } else if (reply instanceof AuditReply.Known known) {
        SignedCheckpoint note = SignedCheckpoint.parse(known.note());
        if (note.checkpoint().log().equals(identity.peerId())
            && compare(note, "as others have seen it")
            && again) {
          cosignedBy.put(from, note.checkpoint().size());
          return submit(from, ledger.head(), /* again= */ false);
        }
      }
    } catch (MalformedCheckpointException e) {
      conduct.observe(from, Fault.FALSE_ANSWER);
      log.debug("{} answered with a bad checkpoint: {}", from, e.getMessage());
    }
    return CompletableFuture.completedFuture(null);
  }

  private synchronized void keepOwn(SignedCheckpoint note, Cosignature added) {
    boolean newer =
        own.map(known -> known.checkpoint().size() < note.checkpoint().size()).orElse(true);
    SignedCheckpoint kept =
        newer
            ? new SignedCheckpoint(note.checkpoint(), note.signature(), List.of()).with(added)
            : own.orElseThrow();
    if (kept.checkpoint().agreesWith(note.checkpoint())) {
      kept = kept.with(added);
    }
    store.save(kept);
    own = Optional.of(kept);
  }

  /** Whether this node's record still begins with what it once signed; blocks. */
  private boolean compare(SignedCheckpoint known, String how) {
    long then = known.checkpoint().size();
    long now = ledger.head().checkpoint().size();
    String trouble;
    if (then > now) {
      trouble = "has " + now + " entries and had " + then + " already, ";
    } else if (!ledger.checkpoint(then).checkpoint().agreesWith(known.checkpoint())) {
      trouble = "is another than the one whose " + then + " entries this node signed, ";
    } else {
      return true;
    }
    String finding = "this node's ledger " + trouble + how;
    if (troubles.put(identity.peerId(), finding) == null) {
      log.error("{} (restore the latest ledger, or leave the swarm and join it anew)", finding);
    }
    return false;
  }

  // ---- others' records

  @Override
  public AuditReply onRequest(PeerId from, AuditRequest request) {
    if (request instanceof AuditRequest.At at) {
      boolean known = at.size() <= ledger.head().checkpoint().size();
      return known
          ? new AuditReply.Own(ledger.checkpoint(at.size()).note())
          : new AuditReply.Refused();
    }
    if (request instanceof AuditRequest.Head) {
      return new AuditReply.Own(ledger.head().note());
    }
    if (request instanceof AuditRequest.Range range) {
      return new AuditReply.Entries(
          ledger.entries(range.from(), range.max()).stream().map(LedgerEntry::bytes).toList());
    }
    AuditRequest.Submit submit = (AuditRequest.Submit) request;
    SignedCheckpoint brought;
    try {
      brought = SignedCheckpoint.parse(submit.note());
    } catch (MalformedCheckpointException e) {
      conduct.observe(from, Fault.MALFORMED);
      return new AuditReply.Refused();
    }
    if (!brought.checkpoint().log().equals(from) || forks.containsKey(from)) {
      return new AuditReply.Refused();
    }
    return judge(from, submit, brought);
  }

  /** One at a time, so that of two checkpoints at once one is judged by the other. */
  private synchronized AuditReply judge(
      PeerId from, AuditRequest.Submit submit, SignedCheckpoint brought) {
    Witness.Verdict verdict =
        witness.judge(
            brought, store.of(from), submit.provedFrom(), submit.proof(), clock.instant());
    if (verdict instanceof Witness.Verdict.Cosigned cosigned) {
      store.save(cosigned.checkpoint());
      troubles.remove(from);
      recordSeen(from, cosigned.checkpoint());
      return new AuditReply.Cosigned(cosigned.checkpoint().note());
    }
    if (verdict instanceof Witness.Verdict.Behind behind) {
      // It began anew, or does not want to be compared with what it was.
      question(from, behind.known());
      return new AuditReply.Known(behind.known().note());
    }
    if (verdict instanceof Witness.Verdict.RolledBack rolled) {
      long before = rolled.known().checkpoint().size();
      onTrouble(
          from,
          "its ledger has "
              + brought.checkpoint().size()
              + " entries and had "
              + before
              + " already");
      return new AuditReply.Known(rolled.known().note());
    }
    if (verdict instanceof Witness.Verdict.Forked forked) {
      onSeen(forked.fork());
      return new AuditReply.Refused();
    }
    SignedCheckpoint known = ((Witness.Verdict.Inconsistent) verdict).known();
    onTrouble(from, "its ledger does not continue what it was at " + known.checkpoint().size());
    question(from, known);
    return new AuditReply.Known(known.note());
  }

  private void recordSeen(PeerId of, SignedCheckpoint checkpoint) {
    Instant now = clock.instant();
    Instant last = recorded.get(of);
    if (last == null || !now.isBefore(last.plus(RECORD_STEP))) {
      recorded.put(of, now);
      ledger.note(EntryType.CHECKPOINT, of, checkpoint.note().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Asks what the record was then: the answer is signed, whatever it is. */
  private void question(PeerId suspect, SignedCheckpoint known) {
    members
        .ask(suspect, new AuditRequest.At(known.checkpoint().size()))
        .thenAcceptAsync(reply -> onAnswer(suspect, known, reply), blocking)
        .exceptionally(
            failure -> {
              log.debug("{} does not say what its ledger was: {}", suspect, failure.getMessage());
              return null;
            });
  }

  private void onAnswer(PeerId suspect, SignedCheckpoint known, AuditReply reply) {
    if (!(reply instanceof AuditReply.Own answer)) {
      return;
    }
    try {
      SignedCheckpoint said = SignedCheckpoint.parse(answer.note());
      Checkpoint then = said.checkpoint();
      if (then.log().equals(suspect)
          && then.size() == known.checkpoint().size()
          && !then.agreesWith(known.checkpoint())) {
        onSeen(new Fork(known, said));
      }
    } catch (MalformedCheckpointException e) {
      conduct.observe(suspect, Fault.FALSE_ANSWER);
    }
  }

  private void onTrouble(PeerId of, String trouble) {
    if (!trouble.equals(troubles.put(of, trouble))) {
      log.warn("{}: {}", of, trouble);
    }
  }

  // ---- forks

  private void onSeen(Fork fork) {
    keep(fork);
    members.announceFork(evidence(fork));
  }

  private static byte[] evidence(Fork fork) {
    return fork.text().getBytes(StandardCharsets.UTF_8);
  }

  private static Optional<Fork> read(byte[] evidence) {
    try {
      return Optional.of(Fork.parse(new String(evidence, StandardCharsets.UTF_8)));
    } catch (MalformedCheckpointException e) {
      return Optional.empty();
    }
  }

  @Override
  public Optional<PeerId> newFork(byte[] evidence) {
    return read(evidence).map(Fork::accused).filter(accused -> !forks.containsKey(accused));
  }

  @Override
  public void onFork(byte[] evidence) {
    read(evidence).ifPresent(this::keep);
  }

  private void keep(Fork fork) {
    PeerId accused = fork.accused();
    if (forks.putIfAbsent(accused, fork) != null) {
      return;
    }
    byte[] evidence = evidence(fork);
    store.save(fork);
    ledger.note(EntryType.FORK, accused, evidence);
    onTrouble(
        accused,
        "its ledger tells two stories of its first "
            + fork.one().checkpoint().size()
            + " entries, and both are signed");
    if (!accused.equals(identity.peerId())) {
      conduct.observe(accused, Fault.FORKED_LEDGER, evidence);
    }
  }

  /** Before the others can be reached. */
  private static final class Nobody implements AuditMembers {
    @Override
    public List<PeerId> connected() {
      return List.of();
    }

    @Override
    public CompletableFuture<AuditReply> ask(PeerId member, AuditRequest request) {
      return CompletableFuture.completedFuture(new AuditReply.Refused());
    }

    @Override
    public void announceFork(byte[] evidence) {
      // Whoever is told later hears of it from others.
    }
  }
}
