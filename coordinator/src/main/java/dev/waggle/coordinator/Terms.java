package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.Priority;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * What a client wants of a task's handling.
 *
 * @param deadline how long it may take, all in all; empty when nobody is in a hurry
 * @param restartable whether an answer that broke off may begin anew, because nobody has seen it
 *     yet; the listener hears {@link TaskListener#onRestarted}
 * @param notBy who is not to run it
 * @param verification how the result will be compared with others', which the receipt says; empty
 *     when it will not
 * @param keeping lets its worker keep the result while this node is away; empty when nobody would
 *     ask for it again
 */
public record Terms(
    Priority priority,
    Optional<Duration> deadline,
    boolean restartable,
    Set<PeerId> notBy,
    String verification,
    Optional<Keeping> keeping) {
  /** The longest deadline. */
  public static final Duration DEADLINE_MAX = Duration.ofHours(24);

  /** Terms under which any node will do, and its word is enough. */
  public Terms(Priority priority, Optional<Duration> deadline, boolean restartable) {
    this(priority, deadline, restartable, Set.of(), "", Optional.empty());
  }

  /** As usual. */
  public static final Terms USUAL =
      new Terms(Priority.NORMAL, Optional.empty(), /* restartable= */ false);

  /** The same, for an answer that is shown whole or not at all. */
  public Terms whole() {
    return new Terms(priority, deadline, /* restartable= */ true, notBy, verification, keeping);
  }

  /** The same, for a result that is compared with others'. */
  public Terms verifiedBy(String how, Set<PeerId> others) {
    return new Terms(priority, deadline, restartable, others, how, keeping);
  }

  /** The same, as urgent as that. */
  public Terms urgent(Priority how) {
    return new Terms(how, deadline, restartable, notBy, verification, keeping);
  }

  /** The same, for a result that is kept. */
  public Terms kept(Keeping how) {
    return new Terms(priority, deadline, restartable, notBy, verification, Optional.of(how));
  }

  public Terms {
    notBy = Set.copyOf(notBy);
    deadline.ifPresent(
        time -> {
          if (time.isNegative() || time.isZero() || time.compareTo(DEADLINE_MAX) > 0) {
            throw new IllegalArgumentException(
                "a deadline is more than 0 and at most " + DEADLINE_MAX.toHours() + " hours");
          }
        });
  }
}
