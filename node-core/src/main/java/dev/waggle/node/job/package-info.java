/**
 * Jobs as users write them, in YAML or JSON.
 *
 * <p>Start with {@link dev.waggle.node.job.JobFile}.
 */
@NullMarked
package dev.waggle.node.job;

import org.jspecify.annotations.NullMarked;
