package dev.waggle.mesh.swarm.exchange;

/**
 * Under which name a worker keeps a result whose requester has gone, until it asks for the same
 * task again: 32 lower-case hexadecimal digits, made by the requester and known to nobody else.
 */
public record KeepId(String value) {
  public KeepId {
    HexId.check(value, "name of a kept result");
  }

  @Override
  public String toString() {
    return value;
  }
}
