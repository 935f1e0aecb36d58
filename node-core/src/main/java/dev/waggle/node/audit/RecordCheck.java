package dev.waggle.node.audit;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.ChainCheck;
import dev.waggle.ledger.Verification;
import dev.waggle.ledger.tlog.MalformedCheckpointException;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import dev.waggle.mesh.swarm.audit.AuditMembers;
import dev.waggle.mesh.swarm.audit.AuditReply;
import dev.waggle.mesh.swarm.audit.AuditRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Reads a member's record over the network and checks it. For one use. */
final class RecordCheck {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(20);
  private static final Duration ALL_MAX = Duration.ofMinutes(30);

  private final AuditMembers members;
  private final PeerId member;
  private final Optional<SignedCheckpoint> known;
  private final ChainCheck chain = new ChainCheck();
  private final long began = System.nanoTime();

  /**
   * @param known what this node cosigned of the record last
   */
  RecordCheck(AuditMembers members, PeerId member, Optional<SignedCheckpoint> known) {
    this.members = members;
    this.member = member;
    this.known = known;
  }

  Verification run(Verification.Progress progress) throws AuditException {
    SignedCheckpoint head = head();
    long size = head.checkpoint().size();
    Optional<String> fault = Optional.empty();
    if (known.map(seen -> seen.checkpoint().size() > size).orElse(false)) {
      return found(Optional.of("this node cosigned a record that was longer"));
    }
    while (fault.isEmpty() && chain.checked() < size) {
      fault = page(size);
      progress.at(chain.checked(), size);
    }
    return found(fault.or(() -> size == 0 ? Optional.empty() : chain.under(head)));
  }

  private Verification found(Optional<String> fault) {
    return new Verification(
        chain.checked(),
        chain.receipts(),
        fault.map(cause -> new Verification.Fault(chain.checked(), cause)));
  }

  private SignedCheckpoint head() throws AuditException {
    if (ask(new AuditRequest.Head()) instanceof AuditReply.Own own) {
      try {
        SignedCheckpoint head = SignedCheckpoint.parse(own.note());
        if (head.checkpoint().log().equals(member)) {
          return head;
        }
      } catch (MalformedCheckpointException e) {
        throw failed("its checkpoint cannot be read: " + e.getMessage(), e);
      }
    }
    throw failed("it does not show its record", null);
  }

  private Optional<String> page(long size) throws AuditException {
    int most = (int) Math.min(AuditRequest.Range.ENTRIES_MAX, size - chain.checked());
    AuditReply reply = ask(new AuditRequest.Range(chain.checked() + 1, most));
    if (!(reply instanceof AuditReply.Entries page) || page.entries().isEmpty()) {
      return Optional.of("the member does not give the next entry");
    }
    for (byte[] each : page.entries().subList(0, Math.min(most, page.entries().size()))) {
      Optional<String> fault = chain.next(each, null).or(() -> chain.compare(known));
      if (fault.isPresent()) {
        return fault;
      }
    }
    return Optional.empty();
  }

  private AuditReply ask(AuditRequest request) throws AuditException {
    if (System.nanoTime() - began > ALL_MAX.toNanos()) {
      throw failed("it took more than " + ALL_MAX.toMinutes() + " minutes", null);
    }
    try {
      return members.ask(member, request).get(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw failed("it does not answer (is it connected? \"waggle peers\" shows it)", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("this node stops", e);
    }
  }

  private AuditException failed(String why, @Nullable Exception e) {
    return new AuditException("the record of " + member + " cannot be checked: " + why, e);
  }
}
