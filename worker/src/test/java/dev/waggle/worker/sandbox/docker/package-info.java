/** The Docker sandbox against a real engine that the tests start. */
@NullMarked
package dev.waggle.worker.sandbox.docker;

import org.jspecify.annotations.NullMarked;
