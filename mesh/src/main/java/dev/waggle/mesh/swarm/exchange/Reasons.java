package dev.waggle.mesh.swarm.exchange;

/** The codes of reasons for a decline. A code never changes its meaning. */
final class Reasons {
  private static final OfferReply.Reason[] ALL = OfferReply.Reason.values();

  private Reasons() {}

  static int code(OfferReply.Reason reason) {
    for (int i = 0; i < ALL.length; i++) {
      if (ALL[i] == reason) {
        return i + 1;
      }
    }
    throw new AssertionError("not one of its own values");
  }

  /** A reason of a later version counts as busy: it, too, may pass. */
  static OfferReply.Reason of(int code) {
    return code < 1 || code > ALL.length ? OfferReply.Reason.BUSY : ALL[code - 1];
  }
}
