package dev.waggle.worker;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.CreditAccount;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.worker.owner.MachineState;
import dev.waggle.worker.owner.OwnerGate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;

/** What the owner of this machine allows others, as the machine is now. Thread-safe. */
final class OwnerControl {
  private final Worker.Owner owner;
  private final PeerId self;
  private final CreditAccount account;
  private final Clock clock;
  private final OwnerGate gate;
  private volatile MachineState machine = MachineState.UNKNOWN;

  OwnerControl(Worker.Parts parts) {
    this.owner = parts.owner();
    this.self = parts.identity().peerId();
    this.account = new CreditAccount(parts.ledger(), self, parts.clock());
    this.clock = parts.clock();
    this.gate = new OwnerGate(owner.rules(), ZoneId.systemDefault());
  }

  /** Looks at the machine and the record; blocks shortly. */
  void look() {
    machine = owner.machine().get();
    if (owner.rules().memberCreditsPerDay() > 0) {
      account.follow();
    }
  }

  /** Memory that programs can still have, in MiB; very much when that is not known. */
  long freeMemoryMb() {
    return machine.freeMemoryMb();
  }

  synchronized void pause(Instant until) {
    gate.pause(until);
  }

  synchronized Optional<Instant> pausedUntil() {
    return gate.pausedUntil(clock.instant());
  }

  /** Why nothing of others runs now; empty when it does. */
  synchronized Optional<String> closedFor() {
    return gate.closed(machine, clock.instant()).map(OwnerGate.Refusal::why);
  }

  /**
   * Why a task is not taken; empty when it may be, and always for this node's own.
   *
   * @param here how many tasks of the member are here already
   * @param expected how long the task will take, as far as that can be told
   */
  synchronized Optional<OwnerGate.Refusal> refusal(
      PeerId member, int here, Requirements task, Optional<Duration> expected) {
    if (isOwn(member)) {
      return Optional.empty();
    }
    return gate.check(
        new OwnerGate.Asking(
            member, owner.names().apply(member), here, task, account.owedBy(member), expected),
        machine,
        clock.instant());
  }

  synchronized void onTaken(PeerId member) {
    if (!isOwn(member)) {
      gate.onTaken(member, clock.instant());
    }
  }

  boolean isOwn(PeerId member) {
    return member.equals(self);
  }
}
