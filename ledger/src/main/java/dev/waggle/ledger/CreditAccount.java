package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What members owe this node by the last day of its record: what this node did for each, less what
 * each did for it. A task whose receipt the requester has not signed yet counts as its worker says;
 * that limits what he may ask for, and earns nobody anything. Thread-safe.
 */
public final class CreditAccount {
  /** What happened before counts no more. */
  public static final Duration PERIOD = Duration.ofDays(1);

  private static final int PAGE = 500;

  private final Ledger ledger;
  private final PeerId self;
  private final Clock clock;
  private final Deque<Item> items = new ArrayDeque<>();
  private final Map<String, Item> byClaim = new HashMap<>();
  private final Map<PeerId, Double> owed = new HashMap<>();
  private long next;

  private static final class Item {
    private final Instant time;
    private final PeerId member;
    private final String claim;
    private double credits;
    private boolean signed;

    Item(Instant time, PeerId member, String claim, double credits, boolean signed) {
      this.time = time;
      this.member = member;
      this.claim = claim;
      this.credits = credits;
      this.signed = signed;
    }
  }

  /**
   * @param self whose record it is
   */
  public CreditAccount(Ledger ledger, PeerId self, Clock clock) {
    this.ledger = ledger;
    this.self = self;
    this.clock = clock;
  }

  /** Reads what is new in the record; blocks. */
  public void follow() {
    Instant begin = clock.instant().minus(PERIOD);
    long from;
    synchronized (this) {
      if (next == 0) {
        next = ledger.firstSince(begin);
      }
      from = next;
    }
    List<LedgerEntry> page = ledger.entries(from, PAGE);
    while (!page.isEmpty()) {
      synchronized (this) {
        page.forEach(this::add);
        next = from + page.size();
      }
      from += page.size();
      page = ledger.entries(from, PAGE);
    }
    synchronized (this) {
      while (!items.isEmpty() && items.peek().time.isBefore(begin)) {
        Item old = items.remove();
        change(old, -old.credits);
        byClaim.remove(old.claim);
      }
    }
  }

  /** What a member owes, in credits; below 0 when this node owes it. */
  public synchronized double owedBy(PeerId member) {
    return owed.getOrDefault(member, 0.0);
  }

  private void add(LedgerEntry entry) {
    boolean signed = entry.type() == EntryType.RECEIPT;
    if (entry.forgotten() || (!signed && entry.type() != EntryType.RESULT)) {
      return;
    }
    try {
      Receipt receipt = Receipt.parse(entry.payload());
      ReceiptBody body = receipt.body();
      boolean mine = body.worker().equals(self);
      if (mine == body.requester().equals(self)) {
        return;
      }
      Duration seen = signed ? receipt.observation().total() : body.work().time();
      double worth = Credits.of(body, new Observation(0, Duration.ZERO, seen));
      double credits = mine ? worth : -worth;
      @Nullable Item known = byClaim.get(body.claim());
      if (known == null) {
        PeerId member = mine ? body.requester() : body.worker();
        Item item = new Item(entry.time(), member, body.claim(), credits, signed);
        items.add(item);
        byClaim.put(body.claim(), item);
        change(item, credits);
      } else if (signed && !known.signed) {
        change(known, credits - known.credits);
        known.credits = credits;
        known.signed = true;
      }
    } catch (MalformedReceiptException e) {
      // What cannot be read is worth nothing; verifying the ledger names it.
    }
  }

  private void change(Item item, double by) {
    owed.merge(item.member, by, Double::sum);
  }
}
