package dev.waggle.ledger.tlog;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;

/**
 * How long a node's log is, and its root then: the text of a C2SP tlog-checkpoint. The origin is
 * {@value #ORIGIN} and the node's peer id.
 *
 * @param log whose log it is
 * @param size how many entries it has, 0 or more
 * @param root the root of the tree over them, 32 bytes
 */
public record Checkpoint(PeerId log, long size, byte[] root) {
  /** What stands before the peer id in the first line. */
  public static final String ORIGIN = "waggle/ledger/";

  public Checkpoint {
    if (size < 0 || root.length != MerkleHash.BYTES) {
      throw new IllegalArgumentException("a checkpoint has a size of 0 or more and a root");
    }
  }

  String origin() {
    return ORIGIN + log;
  }

  /** The text that is signed: three lines. */
  String text() {
    return origin() + "\n" + size + "\n" + Base64.getEncoder().encodeToString(root) + "\n";
  }

  byte[] signed() {
    return text().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Signs it.
   *
   * @throws IllegalArgumentException if the log is another's
   */
  public SignedCheckpoint sign(Identity identity) {
    if (!identity.peerId().equals(log)) {
      throw new IllegalArgumentException("a node signs checkpoints of its own log");
    }
    return new SignedCheckpoint(this, identity.sign(signed()), java.util.List.of());
  }

  /** Whether two say the same of one log. */
  public boolean agreesWith(Checkpoint other) {
    return log.equals(other.log) && size == other.size && MessageDigest.isEqual(root, other.root);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Checkpoint checkpoint && agreesWith(checkpoint);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(root) + Long.hashCode(size);
  }

  @Override
  public String toString() {
    return text();
  }
}
