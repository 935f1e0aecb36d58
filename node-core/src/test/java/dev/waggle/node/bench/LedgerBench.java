package dev.waggle.node.bench;

import dev.waggle.crypto.Identity;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.H2Ledger;
import dev.waggle.ledger.Observation;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.Verification;
import dev.waggle.ledger.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * Prints how fast the ledger writes durably, beside the bare recipe of one writer thread on the
 * same table in the same run, and how fast it is checked and proved.
 */
public final class LedgerBench {
  private static final int RECEIPTS = 5_000;
  private static final int VERIFICATIONS_BEFORE = 4;
  private static final int WRITERS = 64;
  private static final int WARM_UP = 40_000;
  private static final int ENTRIES = 200_000;
  private static final int PROOFS = 2_000;
  private static final int PAYLOAD_BYTES = 400;
  private static final int BATCH_MAX = 1_024;

  private final Identity identity = Identity.generate(new SecureRandom());
  private final Path directory;

  /** Something that can be appended to. */
  private interface Appending {
    CompletableFuture<?> append(byte[] payload);
  }

  private LedgerBench(Path directory) {
    this.directory = directory;
  }

  public static void main(String[] arguments) throws Exception {
    System.out.printf("Java %s%n", Runtime.version());
    Path directory = Files.createTempDirectory("waggle-ledger-bench");
    try {
      new LedgerBench(directory).run();
    } finally {
      delete(directory);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path each : all.sorted((one, other) -> other.compareTo(one)).toList()) {
        Files.delete(each);
      }
    }
  }

  private void run() throws Exception {
    // H2 reads its settings once: the ledger's are those of a node, and the recipe has them, too.
    open(directory.resolve("first.mv.db")).close();
    double bare;
    try (Bare recipe = new Bare(directory.resolve("bare"))) {
      measure(recipe::append, WARM_UP);
      bare = measure(recipe::append, ENTRIES).perSecond();
    }
    Path file = directory.resolve("ledger.mv.db");
    try (H2Ledger ledger = open(file)) {
      Appending appending = payload -> ledger.append(EntryType.JOIN, identity.peerId(), payload);
      measure(appending, WARM_UP);
      Rate rate = measure(appending, ENTRIES);
      System.out.printf(
          "durable appends, %d writers: %,.0f/s, p99 %.1f ms; %.0f %% of the bare recipe's %,.0f/s%n",
          WRITERS, rate.perSecond(), rate.p99Millis(), 100 * rate.perSecond() / bare, bare);
      verify(ledger);
      prove(ledger);
    }
    signatures(directory.resolve("receipts.mv.db"));
    long began = System.nanoTime();
    open(file).close();
    System.out.printf(
        "open and close with %,d entries: %.0f ms%n",
        WARM_UP + ENTRIES, (System.nanoTime() - began) / 1e6);
  }

  private H2Ledger open(Path file) throws Exception {
    return H2Ledger.open(file, identity, Clock.systemUTC());
  }

  private static void verify(H2Ledger ledger) {
    for (int i = 0; i < VERIFICATIONS_BEFORE; i++) {
      ledger.verify((checked, total) -> {});
    }
    long began = System.nanoTime();
    Verification found = ledger.verify((checked, total) -> {});
    double seconds = (System.nanoTime() - began) / 1e9;
    if (!found.valid()) {
      throw new IllegalStateException("the ledger does not verify: " + found);
    }
    System.out.printf(
        "verification, hashes, tree and heads: %,.0f entries/s%n", found.entries() / seconds);
  }

  /** A record of nothing but receipts, each of which has two signatures, beside the bare checks. */
  private void signatures(Path file) throws Exception {
    Identity worker = Identity.generate(new SecureRandom());
    List<Receipt> receipts = new ArrayList<>();
    for (int i = 0; i < RECEIPTS; i++) {
      receipts.add(receipt(i, worker));
    }
    try (H2Ledger ledger = open(file)) {
      for (Receipt each : receipts) {
        ledger.record(each, false).join();
      }
      ledger.verify((checked, total) -> {});
      long began = System.nanoTime();
      if (ledger.verify((checked, total) -> {}).receipts() != RECEIPTS) {
        throw new IllegalStateException("a receipt does not verify");
      }
      double all = 2.0 * RECEIPTS / ((System.nanoTime() - began) / 1e9);
      byte[] message = receipts.get(0).bytes();
      byte[] signature = worker.sign(message);
      byte[] key = worker.peerId().publicKey();
      double bare = 0;
      for (int round = 0; round < 2; round++) {
        began = System.nanoTime();
        for (int i = 0; i < 2 * RECEIPTS; i++) {
          if (!Ed25519.verify(signature, 0, key, 0, message, 0, message.length)) {
            throw new IllegalStateException("a signature does not verify");
          }
        }
        bare = 2.0 * RECEIPTS / ((System.nanoTime() - began) / 1e9);
      }
      System.out.printf(
          "signatures of receipts in a record: %,.0f/s; %.0f %% of BouncyCastle's bare %,.0f/s%n",
          all, 100 * all / bare, bare);
    }
  }

  private Receipt receipt(int number, Identity worker) {
    Work work =
        new Work(1, 2, 3, 4, Duration.ZERO, Duration.ZERO, Duration.ZERO, false, 0, 0, "stop");
    String id = String.format("%032x", number);
    ReceiptBody body =
        new ReceiptBody(
            new byte[32],
            id,
            id,
            identity.peerId(),
            worker.peerId(),
            "model:8b",
            "sha256:0",
            "",
            work,
            Instant.EPOCH,
            Instant.EPOCH,
            new byte[32],
            List.of());
    return Receipt.byWorker(body, worker)
        .countersign(identity, new Observation(4, Duration.ZERO, Duration.ZERO));
  }

  private static void prove(H2Ledger ledger) {
    long size = ledger.head().checkpoint().size();
    long began = System.nanoTime();
    for (int i = 0; i < PROOFS; i++) {
      long entry = 1 + i * (size - 1) / PROOFS;
      if (!ledger.prove(entry, ledger.head()).holds()) {
        throw new IllegalStateException("a proof does not hold");
      }
    }
    System.out.printf(
        "proof of one of %,d entries, made and checked: %.2f ms%n",
        size, (System.nanoTime() - began) / 1e6 / PROOFS);
  }

  /** How fast it went. */
  private record Rate(double perSecond, double p99Millis) {}

  private static Rate measure(Appending to, int entries) throws Exception {
    int each = entries / WRITERS;
    List<Thread> writers = new ArrayList<>();
    long[] nanos = new long[each * WRITERS];
    long began = System.nanoTime();
    for (int w = 0; w < WRITERS; w++) {
      int first = w * each;
      Thread writer =
          new Thread(
              () -> {
                for (int i = 0; i < each; i++) {
                  long at = System.nanoTime();
                  try {
                    to.append(new byte[PAYLOAD_BYTES]).get();
                  } catch (InterruptedException | ExecutionException e) {
                    throw new IllegalStateException(e);
                  }
                  nanos[first + i] = System.nanoTime() - at;
                }
              });
      writers.add(writer);
      writer.start();
    }
    for (Thread writer : writers) {
      writer.join();
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    Arrays.sort(nanos);
    return new Rate(nanos.length / seconds, nanos[(int) (nanos.length * 0.99)] / 1e6);
  }

  /** One thread that inserts what waits, commits, syncs once and answers; nothing else. */
  private static final class Bare implements AutoCloseable {
    private record Write(byte[] payload, CompletableFuture<Void> done) {}

    private final BlockingQueue<Write> waiting = new LinkedBlockingQueue<>();
    private final Connection connection;
    private final Thread thread = new Thread(this::run);
    private long sequence;

    Bare(Path base) throws Exception {
      connection = DriverManager.getConnection("jdbc:h2:file:" + base, "waggle", "");
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            "CREATE TABLE entry (sequence BIGINT PRIMARY KEY, bytes VARBINARY(1024) NOT NULL,"
                + " payload VARBINARY(65536) NOT NULL, hash BINARY(32) NOT NULL)");
      }
      connection.setAutoCommit(false);
      thread.start();
    }

    CompletableFuture<Void> append(byte[] payload) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      waiting.add(new Write(payload, done));
      return done;
    }

    private void run() {
      List<Write> batch = new ArrayList<>();
      byte[] bytes = new byte[130];
      byte[] hash = new byte[32];
      try {
        while (true) {
          batch.clear();
          batch.add(waiting.take());
          waiting.drainTo(batch, BATCH_MAX - 1);
          for (Write each : batch) {
            try (PreparedStatement insert =
                connection.prepareStatement(
                    "INSERT INTO entry (sequence, bytes, payload, hash) VALUES (?, ?, ?, ?)")) {
              insert.setLong(1, ++sequence);
              insert.setBytes(2, bytes);
              insert.setBytes(3, each.payload());
              insert.setBytes(4, hash);
              insert.executeUpdate();
            }
          }
          connection.commit();
          try (Statement statement = connection.createStatement()) {
            statement.execute("CHECKPOINT SYNC");
          }
          batch.forEach(each -> each.done().complete(null));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() throws SQLException {
      thread.interrupt();
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      connection.close();
    }
  }
}
