package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What members earned and spent by the receipts of one ledger in a period. Receipts that are not
 * signed by both sides, or were forgotten, count nothing. Not thread-safe.
 */
public final class Statement {
  private static final int PAGE = 1_000;

  private final Instant from;
  private final Instant until;
  private final Map<PeerId, Line> lines = new TreeMap<>();

  /**
   * One member's part.
   *
   * @param tasksDone as a worker, for others
   * @param tasksAsked of others
   * @param earned credits
   * @param spent credits
   * @param promptTokens read for others
   * @param outputTokens generated for others
   */
  public record Line(
      long tasksDone,
      long tasksAsked,
      double earned,
      double spent,
      long promptTokens,
      long outputTokens) {
    private static final Line NONE = new Line(0, 0, 0, 0, 0, 0);

    private Line plus(Line other) {
      return new Line(
          tasksDone + other.tasksDone,
          tasksAsked + other.tasksAsked,
          earned + other.earned,
          spent + other.spent,
          promptTokens + other.promptTokens,
          outputTokens + other.outputTokens);
    }
  }

  /** One without receipts yet, for records that come from elsewhere. */
  public Statement(Instant from, Instant until) {
    this.from = from;
    this.until = until;
  }

  /**
   * Adds up the receipts that a ledger recorded in a period; blocks.
   *
   * @param from the first moment
   * @param until the moment after the last
   */
  public static Statement of(Ledger ledger, Instant from, Instant until) {
    Statement statement = new Statement(from, until);
    long next = ledger.firstSince(from);
    List<LedgerEntry> page = ledger.entries(next, PAGE);
    while (!page.isEmpty()) {
      page.forEach(statement::add);
      next += page.size();
      page = ledger.entries(next, PAGE);
    }
    return statement;
  }

  /** Adds the receipt that an entry has, if it does and is of the period. */
  public void add(LedgerEntry entry) {
    if (entry.type() != EntryType.RECEIPT
        || entry.forgotten()
        || entry.time().isBefore(from)
        || !entry.time().isBefore(until)) {
      return;
    }
    try {
      Receipt receipt = Receipt.parse(entry.payload());
      ReceiptBody body = receipt.body();
      if (!receipt.verifyBoth() || body.worker().equals(body.requester())) {
        return;
      }
      double credits = Credits.of(body, receipt.observation());
      Work work = body.work();
      add(body.worker(), new Line(1, 0, credits, 0, work.promptTokens(), work.outputTokens()));
      add(body.requester(), new Line(0, 1, 0, credits, 0, 0));
    } catch (MalformedReceiptException e) {
      // What cannot be read mints nothing; verifying the ledger names it.
    }
  }

  private void add(PeerId member, Line more) {
    lines.merge(member, Line.NONE.plus(more), Line::plus);
  }

  /** The members' parts. */
  public Map<PeerId, Line> lines() {
    return Map.copyOf(lines);
  }
}
