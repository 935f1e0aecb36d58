/** The main job on a fresh machine in one command: three nodes, one swarm, one of them killed. */
@NullMarked
package dev.waggle.node.demo;

import org.jspecify.annotations.NullMarked;
