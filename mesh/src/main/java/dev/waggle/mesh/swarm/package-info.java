/** What a swarm says over libp2p: who belongs, what they can do, and the exchange of tasks. */
@NullMarked
package dev.waggle.mesh.swarm;

import org.jspecify.annotations.NullMarked;
