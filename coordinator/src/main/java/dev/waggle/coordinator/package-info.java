/**
 * Turns what a user wants into tasks and drives each to a settled result.
 *
 * <p>Start with {@link dev.waggle.coordinator.TaskSubmitter}.
 */
@NullMarked
package dev.waggle.coordinator;

import org.jspecify.annotations.NullMarked;
