/** What members tell all others beside their adverts: the swarm's control topic. */
@NullMarked
package dev.waggle.mesh.swarm.control;

import org.jspecify.annotations.NullMarked;
