/**
 * Models as files: what of this machine's engines members may copy, and copies from them.
 *
 * <p>Start with {@link dev.waggle.worker.model.ModelTransfers}; {@code ModelFetch} is the course of
 * one copy and {@code FileFetch} that of one of its files. What a copy may believe is said in
 * {@link dev.waggle.mesh.swarm.blob}.
 */
@NullMarked
package dev.waggle.worker.model;

import org.jspecify.annotations.NullMarked;
