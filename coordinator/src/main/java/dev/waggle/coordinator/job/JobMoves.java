package dev.waggle.coordinator.job;

import static dev.waggle.coordinator.job.JobTables.code;
import static dev.waggle.ledger.file.SmallDatabase.change;

import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * How a job goes from one node's queue to another's, and is at every moment to be done by at most
 * one of them. The old node freezes it under a transfer's name of its own; the new one takes that
 * transfer once, or says that it never will; only on its word is the job the new one's, or goes on
 * at the old one. Belongs to the queue's writing thread.
 */
final class JobMoves {
  /** How many transfers of one member this node keeps in mind that it will not take. */
  static final int WITHDRAWN_OF_ONE_MAX = 1_000;

  // Requests are believed for some minutes; what comes later is refused for its age.
  private static final Duration WITHDRAWN_KEPT = Duration.ofDays(1);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final JobIndex index;
  private final JobBook book;
  private final Clock clock;

  JobMoves(JobIndex index, JobBook book, Clock clock) {
    this.index = index;
    this.book = book;
    this.clock = clock;
  }

  // ---- where it was

  /** Has nothing more of a job claimed here; returns the transfer's name. */
  String freeze(Connection connection, String member, JobId job, String to)
      throws SQLException, JobException {
    JobRow row = JobRow.require(connection, job);
    if (row.state().isLeaving() && row.coordinator().equals(to)) {
      return row.transfer();
    }
    if (!row.member().equals(member)) {
      throw new JobException(
          JobException.Kind.FORBIDDEN, "job " + job + " is another member's: " + row.member());
    }
    if (row.state() != JobState.OPEN) {
      throw new JobException(
          JobException.Kind.CONFLICT,
          "job "
              + job
              + (row.state().isLeaving()
                  ? " is, or is to be, at " + row.coordinator()
                  : " is over"));
    }
    book.tell(connection, row.id(), JobEvent.Kind.HANDED_OVER, -1, to);
    List<TaskRow> left = left(connection, row.id());
    for (TaskRow each : left) {
      if (index.withdraw(each.id())) {
        change(
            connection,
            "UPDATE task SET state = ?, attempts = ?, lease_until = 0, worker = '' WHERE id = ?",
            code(JobTaskState.READY),
            each.attempts() - 1,
            each.id());
      }
    }
    index.addOpen(-left.size());
    index.open.remove(row.id());
    byte[] random = new byte[JobParcel.Begun.TRANSFER_DIGITS / 2];
    RANDOM.nextBytes(random);
    String transfer = HexFormat.of().formatHex(random);
    change(
        connection,
        "UPDATE job SET state = ?, coordinator = ?, transfer = ? WHERE id = ?",
        code(JobState.HANDING_OVER),
        to,
        transfer,
        row.id());
    return transfer;
  }

  private static List<TaskRow> left(Connection connection, long job) throws SQLException {
    return TaskRow.where(
        connection, "job = ? AND state < ? ORDER BY id", job, code(JobTaskState.DONE));
  }

  /** The other node has it. */
  void leave(Connection connection, JobId job, String transfer) throws SQLException {
    index.onChanged(job);
    change(
        connection,
        "UPDATE job SET state = ?, ended = ? WHERE name = ? AND state = ? AND transfer = ?",
        code(JobState.HANDED_OVER),
        clock.millis(),
        job.value(),
        code(JobState.HANDING_OVER),
        transfer);
  }

  /** The other node has not got it, and will not take it. */
  void thaw(Connection connection, JobId job, String transfer, String why)
      throws SQLException, JobException {
    JobRow row = JobRow.require(connection, job);
    if (row.state() == JobState.HANDING_OVER && row.transfer().equals(transfer)) {
      goOn(connection, row, job, why);
    }
  }

  /** Nobody believes any more that the other node does it, or will do it. */
  void reclaim(Connection connection, JobId job, String transfer, String why)
      throws SQLException, JobException {
    JobRow row = JobRow.require(connection, job);
    if (row.state().isLeaving() && row.transfer().equals(transfer)) {
      goOn(connection, row, job, why);
    }
  }

  private void goOn(Connection connection, JobRow row, JobId job, String why) throws SQLException {
    change(
        connection,
        "UPDATE job SET state = ?, ended = 0, coordinator = '', transfer = '' WHERE id = ?",
        code(JobState.OPEN),
        row.id());
    open(row.id(), job, row.member(), row.priority(), row.deadline(), row.lastEvent());
    left(connection, row.id()).forEach(index::index);
    index.findDue();
    book.tell(connection, row.id(), JobEvent.Kind.TAKEN_BACK, -1, why);
  }

  private void open(
      long id, JobId name, String member, int priority, long deadline, long lastEvent) {
    index.open.put(id, new JobIndex.Open(name, member, priority, deadline, lastEvent));
  }

  // ---- where it comes to

  /** Takes over a job, once. */
  void take(Connection connection, String member, JobParcel parcel)
      throws SQLException, JobException {
    JobParcel.Begun begun =
        parcel
            .begun()
            .orElseThrow(
                () -> new JobException(JobException.Kind.INVALID, "that job was never begun"));
    Optional<JobRow> known = JobRow.find(connection, begun.id());
    if (known.isPresent()) {
      if (known.get().member().equals(member) && known.get().transfer().equals(begun.transfer())) {
        return;
      }
      throw new JobException(
          JobException.Kind.CONFLICT, "this node has another job of the name " + begun.id());
    }
    requireTakable(connection, member, parcel.draft(), begun);
    index.requireRoom(parcel.draft().tasks().size());
    long id = index.take(1);
    insert(connection, id, member, parcel.draft(), begun);
    new TaskRows(connection).insert(id, index.take(parcel.draft().tasks().size()), parcel, begun);
    long last = begun.events().isEmpty() ? 0 : last(begun.events()).number();
    long deadline = deadline(parcel.draft());
    open(id, begun.id(), member, code(parcel.draft().priority()), deadline, last);
    left(connection, id).forEach(index::index);
    index.findDue();
    book.tell(connection, id, JobEvent.Kind.SUBMITTED, -1, "handed over");
  }

  private static JobEvent last(List<JobEvent> events) {
    return events.get(events.size() - 1);
  }

  private static long deadline(JobDraft draft) {
    return draft.deadline().map(each -> each.toEpochMilli()).orElse(0L);
  }

  private static void requireTakable(
      Connection connection, String member, JobDraft draft, JobParcel.Begun begun)
      throws SQLException, JobException {
    if (isWithdrawn(connection, begun.transfer())) {
      throw new JobException(
          JobException.Kind.CONFLICT, "this node said that it would not take that any more");
    }
    boolean taken =
        !draft.key().isEmpty()
            && JobTables.number(
                    connection,
                    "SELECT COUNT(*) FROM job WHERE client_key = ? AND member = ?",
                    draft.key(),
                    member)
                > 0;
    if (taken) {
      throw new JobException(
          JobException.Kind.CONFLICT,
          "the key \"" + draft.key() + "\" names another job of yours on this node");
    }
  }

  private static boolean isWithdrawn(Connection connection, String transfer) throws SQLException {
    return JobTables.number(
            connection, "SELECT COUNT(*) FROM withdrawn WHERE transfer = ?", transfer)
        > 0;
  }

  private static void insert(
      Connection connection, long id, String member, JobDraft draft, JobParcel.Begun begun)
      throws SQLException {
    change(
        connection,
        "INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, 0, '', ?)",
        id,
        begun.id().value(),
        code(draft.kind()),
        draft.title(),
        member,
        draft.key(),
        HexFormat.of().parseHex(begun.content()),
        code(draft.priority()),
        begun.created().toEpochMilli(),
        deadline(draft),
        code(JobState.OPEN),
        draft.tasks().size(),
        count(begun, JobTaskState.DONE::equals),
        count(begun, JobTaskState.FAILED::equals),
        count(begun, JobTaskState.CANCELED::equals),
        begun.transfer());
    try (PreparedStatement event =
        connection.prepareStatement("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)")) {
      for (JobEvent each : begun.events()) {
        event.setLong(1, id);
        event.setLong(2, each.number());
        event.setLong(3, each.time().toEpochMilli());
        event.setInt(4, code(each.kind()));
        event.setInt(5, each.task().orElse(-1));
        event.setString(6, each.detail());
        event.addBatch();
      }
      event.executeBatch();
    }
  }

  private static int count(JobParcel.Begun begun, Predicate<JobTaskState> how) {
    return (int) begun.tasks().stream().map(JobParcel.Task::state).filter(how).count();
  }

  /** Whether a transfer's job is here; if not, it never will be. */
  boolean withdraw(Connection connection, String member, JobId job, String transfer)
      throws SQLException, JobException {
    Optional<JobRow> known = JobRow.find(connection, job);
    if (known.isPresent()
        && known.get().member().equals(member)
        && known.get().transfer().equals(transfer)) {
      return true;
    }
    change(
        connection,
        "DELETE FROM withdrawn WHERE noted < ?",
        clock.millis() - WITHDRAWN_KEPT.toMillis());
    if (!isWithdrawn(connection, transfer)) {
      long before =
          JobTables.number(connection, "SELECT COUNT(*) FROM withdrawn WHERE member = ?", member);
      if (before >= WITHDRAWN_OF_ONE_MAX) {
        throw new JobException(
            JobException.Kind.FULL, "you took back too many jobs (try again tomorrow)");
      }
      change(
          connection, "INSERT INTO withdrawn VALUES (?, ?, ?)", transfer, member, clock.millis());
    }
    return false;
  }

  // ---- jobs that were never here

  void noteElsewhere(Connection connection, JobId job, String coordinator) throws SQLException {
    change(
        connection,
        "MERGE INTO elsewhere VALUES (?, ?, ?)",
        job.value(),
        coordinator,
        clock.millis());
  }
}
