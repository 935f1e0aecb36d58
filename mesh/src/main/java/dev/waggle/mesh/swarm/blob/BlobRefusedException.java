package dev.waggle.mesh.swarm.blob;

import java.io.IOException;

/** A source does not give what was asked for. */
public final class BlobRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final BlobReply.Reason reason;

  /** It gave that reason. */
  public BlobRefusedException(BlobReply.Reason reason) {
    super(reason.words());
    this.reason = reason;
  }

  /** Why. */
  public BlobReply.Reason reason() {
    return reason;
  }
}
