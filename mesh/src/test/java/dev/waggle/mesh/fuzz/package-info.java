/**
 * Feeds decoders whatever a fuzzer thinks of. Each target stands beside its decoder; {@link
 * dev.waggle.mesh.fuzz.FuzzRunner} runs them under Jazzer ({@code .ci/fuzz}), {@code FuzzSeedsTest}
 * runs their seeds and many mutations of them with every build.
 */
@org.jspecify.annotations.NullMarked
package dev.waggle.mesh.fuzz;
