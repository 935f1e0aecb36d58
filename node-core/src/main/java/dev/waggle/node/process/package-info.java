/** Runs nodes as processes of their own, for the demo, the benchmarks and the tests. */
@NullMarked
package dev.waggle.node.process;

import org.jspecify.annotations.NullMarked;
