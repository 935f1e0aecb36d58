package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;

/** A certificate is good but for a revocation, which proves it. */
public final class RevokedException extends MembershipException {
  private static final long serialVersionUID = 1L;

  private final transient Revocation revocation;

  RevokedException(PeerId peer, Revocation revocation) {
    super(
        revocation.subject().equals(peer)
            ? "the node " + revocation.sentence()
            : "the admin that let the node in " + revocation.sentence());
    this.revocation = revocation;
  }

  /** What covers it. */
  public Revocation revocation() {
    return revocation;
  }
}
