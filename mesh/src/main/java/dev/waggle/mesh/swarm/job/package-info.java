/**
 * Jobs at another member's node: {@code /waggle/job/1}. A member gives a job to a node that stays
 * up, looks after it, and brings its results home; it sees its own jobs there and no others.
 * Requests are signed; who may give jobs is for that node's owner to say. What jobs are made of is
 * not known here: bodies and answers are bytes.
 *
 * <p>Start with {@link dev.waggle.mesh.swarm.job.JobDesk}.
 */
@NullMarked
package dev.waggle.mesh.swarm.job;

import org.jspecify.annotations.NullMarked;
