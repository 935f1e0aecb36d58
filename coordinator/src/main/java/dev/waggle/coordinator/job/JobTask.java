package dev.waggle.coordinator.job;

import java.util.Optional;

/**
 * How a task of a job is.
 *
 * @param number counts from 0 in its job
 * @param attempts how often it was begun
 * @param holder who has it, or had it last; may be empty
 * @param result JSON, where it is done
 * @param error why it failed, the last time at least
 */
public record JobTask(
    int number,
    String name,
    JobTaskState state,
    int attempts,
    int attemptsMax,
    String holder,
    Optional<String> result,
    Optional<String> error) {}
