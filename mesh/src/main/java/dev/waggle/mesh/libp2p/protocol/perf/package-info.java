/** Measures throughput between two hosts (libp2p specs, perf/perf.md). */
@NullMarked
package dev.waggle.mesh.libp2p.protocol.perf;

import org.jspecify.annotations.NullMarked;
