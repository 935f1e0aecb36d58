package dev.waggle.mesh.libp2p;

import java.io.IOException;
import java.util.List;

/** The peer serves none of the protocols that were proposed. */
public final class ProtocolRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  public ProtocolRefusedException(List<String> protocols) {
    super("the peer serves none of " + protocols);
  }
}
