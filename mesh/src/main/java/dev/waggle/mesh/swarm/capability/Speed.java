package dev.waggle.mesh.swarm.capability;

import java.time.Duration;

/**
 * How fast a node runs a model, measured there over the last answers; what was not measured yet is
 * 0.
 *
 * @param prefill tokens of a prompt that it reads in a second
 * @param decode tokens of an answer that it writes in a second
 * @param load how long it takes to load the model
 */
public record Speed(double prefill, double decode, Duration load) {
  /** Nothing measured. */
  public static final Speed UNKNOWN = new Speed(0, 0, Duration.ZERO);

  public Speed {
    if (!(prefill >= 0 && prefill < 1e9) || !(decode >= 0 && decode < 1e9) || load.isNegative()) {
      throw new IllegalArgumentException("a speed is 0 or more, and a finite number");
    }
  }
}
