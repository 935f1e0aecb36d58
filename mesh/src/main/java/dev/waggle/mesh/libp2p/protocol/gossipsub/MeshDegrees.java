package dev.waggle.mesh.libp2p.protocol.gossipsub;

/**
 * How many neighbours of a topic get whole messages (gossipsub v1.0 "Parameters", v1.1 "Outbound
 * Mesh Quotas").
 *
 * @param target as many are chosen: D
 * @param low with fewer, more are chosen: D_low
 * @param high with more, some are left: D_high
 * @param best of those that stay, so many are the best scored: D_score
 * @param outbound at least so many are peers that this host dialled: D_out
 * @param lazy at least so many others hear what there is to have: D_lazy
 */
public record MeshDegrees(int target, int low, int high, int best, int outbound, int lazy) {
  /** The reasonable defaults of the specification. */
  public static final MeshDegrees DEFAULT = new MeshDegrees(6, 4, 12, 4, 2, 6);

  public MeshDegrees {
    boolean ordered = 0 <= low && low <= target && target <= high;
    boolean outboundFits = outbound >= 0 && outbound <= target / 2 && (outbound < low || low == 0);
    if (!ordered || !outboundFits || best < 0 || best > target || lazy < 0) {
      throw new IllegalArgumentException(
          "degrees need low <= target <= high, best <= target, outbound < low and <= target / 2");
    }
  }
}
