/**
 * Content that members copy from each other, named by its SHA-256: {@code /waggle/blob/1}.
 *
 * <p>A blob is cut into blocks of {@link dev.waggle.mesh.swarm.blob.BlockRange#BLOCK_BYTES}.
 * Nothing that a source says is believed:
 *
 * <ul>
 *   <li>A model's manifest has to have the digest that was advertised, and names the blobs.
 *   <li>A source states the hash of each block before it sends any. A block that is not what its
 *       source stated shows at once, and who sent it.
 *   <li>The whole has to have the blob's own digest in the end. If it has not though every block is
 *       as stated, then those lied who stated these hashes.
 * </ul>
 *
 * <p>A snapshot, which code is to run on, has one source: who wants that done. It is small enough
 * to be read without stated hashes, and has to have the digest that the task names.
 *
 * <p>Only admitted members get here: the connection proves who asks, and an answer is of use to
 * nobody else, so questions carry no signature of their own. Relays, which are other members'
 * machines, carry snapshots and never models.
 *
 * <p>Start with {@link dev.waggle.mesh.swarm.blob.BlobProtocol}; what a node has to give is behind
 * {@link dev.waggle.mesh.swarm.blob.BlobSource}, and {@link dev.waggle.mesh.swarm.blob.BlobPeers}
 * asks.
 */
@NullMarked
package dev.waggle.mesh.swarm.blob;

import org.jspecify.annotations.NullMarked;
