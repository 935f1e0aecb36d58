package dev.waggle.mesh.swarm.exchange;

/** The name of one task: 32 lower-case hexadecimal digits, random, unique in practice. */
public record TaskId(String value) {
  public TaskId {
    HexId.check(value, "task id");
  }

  /** A new random id. */
  public static TaskId random() {
    return new TaskId(HexId.random());
  }

  @Override
  public String toString() {
    return value;
  }
}
