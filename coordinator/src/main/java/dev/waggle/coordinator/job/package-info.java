/**
 * Jobs: work of many tasks that outlives requests, restarts and machines.
 *
 * <p>Start with {@link dev.waggle.coordinator.job.JobQueue}, which keeps them, and {@link
 * dev.waggle.coordinator.job.JobRunner}, which has them done.
 */
@NullMarked
package dev.waggle.coordinator.job;

import org.jspecify.annotations.NullMarked;
