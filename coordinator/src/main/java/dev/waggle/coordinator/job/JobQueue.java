package dev.waggle.coordinator.job;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.file.SmallDatabase;
import dev.waggle.mesh.swarm.exchange.JobPart;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The jobs of this node, in a database of their own. What is acknowledged is on disk; every task
 * ends once, whoever is killed whenever. Thread-safe; what returns a future does not block, the
 * rest reads the disk. Futures fail with a {@link JobException}, or with an {@link
 * java.io.UncheckedIOException} when the disk fails.
 */
public final class JobQueue implements AutoCloseable {
  /** The most tasks that are to be done at once, of all jobs. */
  public static final int OPEN_TASKS_MAX = 500_000;

  /** The longest lease. */
  public static final Duration LEASE_MAX = Duration.ofHours(1);

  /** How long a job is kept after its end. */
  public static final Duration KEPT = Duration.ofDays(30);

  // Each is asked when somebody wants to see all jobs.
  private static final int COORDINATORS_MAX = 16;

  private static final String MIGRATIONS = "dev/waggle/coordinator/job/migration";

  private final SmallDatabase database;
  private final Clock clock;
  private final JobIndex index;
  private final JobBook book;
  private final JobOrders orders;
  private final JobMoves moves;
  private final JobReader reader;
  private final JobWriter writer;
  private final List<Consumer<Set<JobId>>> listeners = new CopyOnWriteArrayList<>();

  private JobQueue(SmallDatabase database, Clock clock) {
    this.database = database;
    this.clock = clock;
    this.index = new JobIndex(database);
    this.book = new JobBook(index, clock);
    this.orders = new JobOrders(index, book, clock);
    this.moves = new JobMoves(index, book, clock);
    this.reader = new JobReader(database);
    index.load();
    this.writer = new JobWriter(database, index::load, this::tell);
  }

  /**
   * Opens or creates it; what was held when it was closed, or killed, is held until its lease ends.
   *
   * @throws SQLException if it is damaged, from a later version, or in use; the message names the
   *     file and the remedy
   */
  public static JobQueue open(Path file, Clock clock) throws SQLException {
    return new JobQueue(SmallDatabase.open(file, "the database of jobs", MIGRATIONS), clock);
  }

  /**
   * Takes in a job. The same key of the same member names the same job.
   *
   * @param member whose job it is, by its peer id
   */
  public CompletableFuture<JobId> submit(String member, JobDraft draft) {
    return writer.soon(connection -> orders.submit(connection, member, draft));
  }

  /**
   * Gives the next task to somebody who can meet its need.
   *
   * @param holder who will run it, for people
   * @param lease at most {@link #LEASE_MAX}
   */
  public CompletableFuture<Optional<Claim>> claim(
      String holder, Predicate<String> needs, Duration lease) {
    return writer.soon(connection -> book.claim(connection, holder, needs, limited(lease)));
  }

  private static Duration limited(Duration lease) {
    return lease.compareTo(LEASE_MAX) > 0 ? LEASE_MAX : lease;
  }

  /**
   * Begins with a claimed task.
   *
   * @param where for people, who does it
   * @param worker who may keep the result; empty where nobody does
   */
  public CompletableFuture<Void> begin(Claim.Proof proof, String where, Optional<PeerId> worker) {
    return writer.step(connection -> book.begin(connection, proof, where, worker));
  }

  /** What a step of a claimed task is of its job; the same at each attempt. */
  JobPart part(Claim.Proof proof, String step) {
    return new JobPart(proof.job().value(), index.seal().keep(proof.task(), 0, step));
  }

  /** Goes on holding a task. */
  public CompletableFuture<Instant> renew(Claim.Proof proof, Duration lease) {
    return writer.soon(connection -> book.renew(connection, proof, limited(lease)));
  }

  /** Says what became of a claimed task; the claim is over. */
  public CompletableFuture<Void> settle(Claim.Proof proof, TaskEnd end) {
    return writer.step(connection -> book.settle(connection, proof, end));
  }

  /** Tells what came of a claimed task so far; the detail is JSON. */
  public CompletableFuture<Void> progress(Claim.Proof proof, String detail) {
    return writer.step(connection -> book.progress(connection, proof, detail));
  }

  /** Keeps what a claimed task has found out; a later attempt finds it again. */
  public CompletableFuture<Void> keepStep(Claim.Proof proof, String name, String result) {
    return writer.step(connection -> book.keepStep(connection, proof, name, result));
  }

  /** What an earlier attempt kept. */
  public Optional<String> step(long task, String name) {
    return reader.step(task, name);
  }

  /** Takes back leases that ended, begins again what was put off, and fails what is overdue. */
  public CompletableFuture<Void> tidy() {
    return writer.step(book::tidy);
  }

  /** Gives free at once what a holder has; for one that knows that it runs nothing any more. */
  public CompletableFuture<Void> releaseAll(String holder) {
    return writer.step(connection -> book.releaseAll(connection, holder));
  }

  /** Cancels what is not over of a job. */
  public CompletableFuture<Void> cancel(JobId job) {
    return writer.step(connection -> orders.cancel(connection, job));
  }

  /** Tries again what failed or was cancelled of a job. */
  public CompletableFuture<Void> retry(JobId job) {
    return writer.step(connection -> orders.retry(connection, job));
  }

  /** Answers a task that waits for a person; it goes on with what it kept. */
  public CompletableFuture<Void> answer(JobId job, int number, String answer) {
    return writer.step(connection -> orders.answer(connection, job, number, answer));
  }

  /**
   * Freezes a job of a member, which is to go on at another node: nothing of it is claimed here any
   * more, and what is claimed counts as not tried. Again for the same node, it stays so.
   *
   * @param to that node, by its peer id
   * @return what tells this transfer of the job from others
   */
  public CompletableFuture<String> freeze(String member, JobId job, String to) {
    return writer.soon(connection -> moves.freeze(connection, member, job, to));
  }

  /** The other node has said that it has a job that is frozen. */
  public CompletableFuture<Void> leave(JobId job, String transfer) {
    return writer.step(connection -> moves.leave(connection, job, transfer));
  }

  /**
   * The other node has said that it never takes a transfer, or it was never sent: the job goes on
   * here.
   */
  public CompletableFuture<Void> thaw(JobId job, String transfer, String why) {
    return writer.step(connection -> moves.thaw(connection, job, transfer, why));
  }

  /**
   * A transfer's job goes on here, even if the other node took it: it has lost it, or is gone for
   * good.
   */
  public CompletableFuture<Void> reclaim(JobId job, String transfer, String why) {
    return writer.step(connection -> moves.reclaim(connection, job, transfer, why));
  }

  /** What tells the transfer of a job that is, or is to be, another node's; empty for any other. */
  public Optional<String> transfer(JobId job) {
    return reader.transfer(job);
  }

  /** Takes over a job that a member began elsewhere; the same transfer again changes nothing. */
  public CompletableFuture<Void> take(String member, JobParcel parcel) {
    return writer.step(connection -> moves.take(connection, member, parcel));
  }

  /** Whether a transfer was taken; if not, it is not taken from now on. */
  public CompletableFuture<Boolean> withdraw(String member, JobId job, String transfer) {
    return writer.soon(connection -> moves.withdraw(connection, member, job, transfer));
  }

  /** Keeps in mind that a job was submitted at another node. */
  public CompletableFuture<Void> noteElsewhere(JobId job, String coordinator) {
    return writer.step(connection -> moves.noteElsewhere(connection, job, coordinator));
  }

  /** Forgets jobs that ended before a moment; returns how many. */
  public CompletableFuture<Integer> forget(Instant before) {
    return writer.soon(connection -> orders.forget(connection, before));
  }

  /** A worker's result agreed with another's, or, with a negative number, did not. */
  public CompletableFuture<Void> trust(String worker, int agreed) {
    return writer.step(connection -> orders.trust(connection, worker, agreed));
  }

  /** How many results of a worker agreed with those of others since one did not. */
  public int trustOf(String worker) {
    return reader.trust(worker);
  }

  /** Takes back and begins again what is due; done at once where nothing is. */
  CompletableFuture<Void> tidyIfDue() {
    return clock.millis() < index.due() ? CompletableFuture.completedFuture(null) : tidy();
  }

  /** What the ready tasks need. */
  public Collection<String> readyNeeds() {
    return index.readyNeeds();
  }

  /** Whether a claim holds its task still. */
  public boolean isHeld(Claim.Proof proof) {
    return index.isHeld(proof);
  }

  /** A job; empty when it is not known. */
  public Optional<JobSummary> job(JobId job) {
    return reader.job(job);
  }

  /** A frozen job, as the other node needs it; empty when it is not frozen. */
  public Optional<JobParcel> parcel(JobId job) {
    return reader.parcel(job);
  }

  /** The jobs that are frozen. */
  public List<JobId> leaving() {
    return reader.leaving();
  }

  /** Which other node has a job, by its peer id; empty when this one has it, or it is not known. */
  public Optional<String> elsewhere(JobId job) {
    return reader.elsewhere(job);
  }

  /** Other nodes that have jobs of this one's users, by their peer ids; a few of them. */
  public List<String> coordinators() {
    return reader.coordinators(COORDINATORS_MAX);
  }

  /** A member's latest jobs, the newest first. */
  public List<JobSummary> jobsOf(String member, int max) {
    return reader.jobsOf(member, max);
  }

  /** The latest jobs, the newest first. */
  public List<JobSummary> jobs(int max) {
    return reader.jobs(max);
  }

  /** Tasks of a job, in their order. */
  public List<JobTask> tasks(JobId job, int from, int max) {
    return reader.tasks(job, from, max);
  }

  /** What a task of a job is to do. */
  public Optional<JobWork> work(JobId job, int number) {
    return reader.work(job, number);
  }

  /** What happened to a job after an event, in order. */
  public List<JobEvent> events(JobId job, long after, int max) {
    return reader.events(job, after, max);
  }

  /** Hears, on a thread that must not be blocked, which jobs have changed; until it is closed. */
  public AutoCloseable listen(Consumer<Set<JobId>> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  private void tell() {
    Set<JobId> changed = index.takeChanged();
    if (!changed.isEmpty()) {
      listeners.forEach(each -> each.accept(changed));
    }
  }

  /** Writes what waits, and closes the file. */
  @Override
  public void close() {
    writer.close();
    database.close();
  }
}
