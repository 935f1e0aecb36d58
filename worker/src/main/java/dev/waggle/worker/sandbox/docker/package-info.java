/**
 * Code in containers of a Docker engine: one container for each task, that is removed after it.
 *
 * <p>Start with {@link dev.waggle.worker.sandbox.docker.DockerSandbox}.
 */
@NullMarked
package dev.waggle.worker.sandbox.docker;

import org.jspecify.annotations.NullMarked;
