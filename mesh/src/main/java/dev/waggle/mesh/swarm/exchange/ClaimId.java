package dev.waggle.mesh.swarm.exchange;

/** The name of one claim, made by the worker: 32 lower-case hexadecimal digits, random. */
public record ClaimId(String value) {
  public ClaimId {
    HexId.check(value, "claim id");
  }

  /** A new random id. */
  public static ClaimId random() {
    return new ClaimId(HexId.random(HexId.BYTES));
  }

  @Override
  public String toString() {
    return value;
  }
}
