package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.TaskId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What happened to a request of this node, from its first offer to its end.
 *
 * @param model what was asked for
 * @param events oldest first, at most {@value #EVENTS_MAX}
 */
public record TaskStory(TaskId task, String model, List<Event> events) {
  /** The most events that are kept of one task. */
  public static final int EVENTS_MAX = 64;

  /** What can happen. */
  public enum Kind {
    /** A node was asked for a place. */
    OFFERED,
    /** It declined, or could not be reached. */
    DECLINED,
    /** It has a place. */
    CLAIMED,
    /** It gave the first piece of the answer. */
    STARTED,
    /** It runs the task. */
    RUNNING,
    /** It goes on with the answer that another began. */
    RESUMED,
    /** It was given up, because another was faster. */
    DROPPED,
    /** It failed, and another is tried, if there is one. */
    BROKEN,
    /** The answer is complete, and its receipt on disk. */
    DONE,
    /** It failed for good. */
    FAILED,
    /** The client gave it up. */
    CANCELED
  }

  /**
   * Something that happened.
   *
   * @param node who did it; empty for what this node did
   * @param detail for people; may be empty
   */
  public record Event(Instant time, Kind kind, Optional<PeerId> node, String detail) {}

  public TaskStory {
    events = List.copyOf(events);
  }
}
