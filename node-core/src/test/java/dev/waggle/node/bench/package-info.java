/** Measures the program as a whole; run by {@code .ci/bench}. */
@NullMarked
package dev.waggle.node.bench;

import org.jspecify.annotations.NullMarked;
