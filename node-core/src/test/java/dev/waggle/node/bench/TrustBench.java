package dev.waggle.node.bench;

import dev.waggle.crypto.ClaimKey;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Envelope;
import dev.waggle.crypto.EnvelopeHeader;
import dev.waggle.crypto.Identity;
import dev.waggle.ledger.Observation;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.Work;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.request.Requests;
import dev.waggle.node.data.H2MembershipStore;
import dev.waggle.node.data.NodeDatabase;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Prints what trust costs: both sides of everything, on one thread. */
public final class TrustBench {
  private static final int REVOCATIONS = 1_000;
  private static final Duration ENOUGH = Duration.ofSeconds(1);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final byte[] SWARM = new byte[32];

  private final Identity requester = Identity.generate(RANDOM);
  private final Identity worker = Identity.generate(RANDOM);
  private final Requests requesting = new Requests(requester, Clock.systemUTC());
  private Requests serving = new Requests(worker, Clock.systemUTC());
  private int served;
  private ClaimKey key = ClaimKey.generate(RANDOM);

  private interface Step {
    void run() throws Exception;
  }

  private TrustBench() {}

  public static void main(String[] arguments) throws Exception {
    System.out.printf("Java %s%n", Runtime.version());
    new TrustBench().run();
    certificates();
  }

  private void run() throws Exception {
    byte[] small = new byte[1 << 10];
    byte[] large = new byte[1 << 20];
    print("sign and verify 1 KiB", () -> requester.peerId().verify(small, requester.sign(small)));
    print("seal and open a task of 1 KiB", () -> sealed(small));
    print("seal and open a task of 1 MiB", () -> sealed(large));
    byte[] chunk = new byte[64];
    Envelope.Sealed sent = sealed(small);
    Envelope.Opened opened = open(sent);
    print("seal and open a chunk", () -> sent.opener().open(opened.sealer().seal(chunk)));
    print("all of a remote request with ten chunks, both sides", this::request);
  }

  private EnvelopeHeader header() {
    return new EnvelopeHeader(
        SWARM, "task", "claim", requester.peerId(), worker.peerId(), Instant.now().plusSeconds(60));
  }

  private Envelope.Sealed sealed(byte[] task) throws Exception {
    Envelope.Sealed sealed = Envelope.seal(requester, header(), key.publicKey(), task);
    open(sealed);
    return sealed;
  }

  private Envelope.Opened open(Envelope.Sealed sealed) throws Exception {
    return Envelope.open(sealed.bytes(), key, header(), Instant.now());
  }

  private void request() throws Exception {
    if (++served % 4_096 == 0) {
      serving = new Requests(worker, Clock.systemUTC()); // It remembers so many of one sender.
    }
    byte[] offer = new byte[100];
    serving.open(
        "/waggle/task/1",
        requester.peerId(),
        requesting.sign("/waggle/task/1", worker.peerId(), serving.bootId(), offer));
    key = ClaimKey.generate(RANDOM);
    ClaimPromise.sign(
            worker,
            SWARM,
            "task",
            "claim",
            requester.peerId(),
            Instant.now().plusSeconds(60),
            key.publicKey(),
            "qwen3:8b",
            "sha256:00")
        .verify(Instant.now());
    Envelope.Sealed sent = Envelope.seal(requester, header(), key.publicKey(), offer);
    Envelope.Opened opened = open(sent);
    for (int i = 0; i < 10; i++) {
      sent.opener().open(opened.sealer().seal(offer));
    }
    ReceiptBody body =
        new ReceiptBody(
            SWARM,
            "task",
            "claim",
            requester.peerId(),
            worker.peerId(),
            "model",
            "digest",
            "",
            new Work(1, 1, 1, 1, Duration.ZERO, Duration.ZERO, Duration.ZERO, false, 0, 0, "stop"),
            Instant.EPOCH,
            Instant.EPOCH,
            new byte[32],
            List.of());
    Observation observed = new Observation(1, Duration.ZERO, Duration.ZERO);
    Receipt half = Receipt.byWorker(body, worker);
    byte[] last = sent.opener().openFinal(opened.sealer().sealFinal(half.bytes()));
    Receipt received = Receipt.parse(last);
    if (!received.verifyWorker() || !received.countersign(requester, observed).verifyBoth()) {
      throw new IllegalStateException("a receipt does not verify");
    }
  }

  private static void certificates() throws Exception {
    try (Scratch directory = new Scratch();
        NodeDatabase database = NodeDatabase.open(directory.resolve("node.mv.db"))) {
      Identity owner = Identity.generate(RANDOM);
      Identity node = Identity.generate(RANDOM);
      Membership membership =
          Membership.found(
              new Membership.Keys(node, () -> Optional.of(owner)),
              owner,
              "node",
              new H2MembershipStore(database),
              Clock.systemUTC());
      for (int i = 0; i < REVOCATIONS; i++) {
        membership.revoke(Identity.generate(RANDOM).peerId(), "", Set.of());
      }
      Identity member = Identity.generate(RANDOM);
      CertificateChain chain =
          CertificateChain.found(owner, member.peerId(), "member", Instant.now());
      print(
          "check a new certificate against " + REVOCATIONS + " revocations",
          () -> membership.verify(chain, member.peerId()));
      membership.remember(chain, List.of());
      print(
          "check a known one against " + REVOCATIONS + " revocations",
          () -> membership.verify(chain, member.peerId()));
    }
  }

  private static void print(String what, Step work) throws Exception {
    long end = System.nanoTime() + ENOUGH.toNanos();
    while (System.nanoTime() < end) {
      work.run();
    }
    int count = 0;
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < ENOUGH.toNanos()) {
      work.run();
      count++;
    }
    System.out.printf("%s: %.1f us%n", what, (System.nanoTime() - begin) / 1e3 / count);
  }
}
