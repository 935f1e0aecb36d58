package dev.waggle.coordinator.job;

import java.time.Instant;
import java.util.OptionalInt;

/**
 * Something that happened to a job.
 *
 * @param number counts from 1 in its job
 * @param task the number of the task that it happened to; empty for the whole job
 * @param detail for people or, where the kind says so, JSON; may be empty
 */
public record JobEvent(long number, Instant time, Kind kind, OptionalInt task, String detail) {
  /** What happened. The order never changes: the database counts it. */
  public enum Kind {
    /** It was taken in. */
    SUBMITTED,
    /** A task has begun; the detail says where. */
    STARTED,
    /** A task is done. */
    DONE,
    /** An attempt failed, and another follows; the detail says why. */
    RETRIED,
    /** A task failed for good, or the job did; the detail says why. */
    FAILED,
    /** A task or the job was cancelled. */
    CANCELED,
    /** Something came of a task that is under way; the detail is JSON. */
    PROGRESS,
    /** A task waits for a person; the detail is JSON and says what for. */
    ASKED,
    /** A person answered; the detail is JSON. */
    ANSWERED,
    /** Nothing of the job is left to do. */
    ENDED,
    /** It is being handed over to another node; the detail is that node's peer id. */
    HANDED_OVER,
    /** The other node did not take it, and it goes on here; the detail says why. */
    TAKEN_BACK
  }
}
