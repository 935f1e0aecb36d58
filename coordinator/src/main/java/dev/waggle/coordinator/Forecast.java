package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Speed;
import java.time.Duration;

/**
 * When a node would answer a task, from what it measured, where it did, and from what is usual of
 * models of that size, where it did not.
 *
 * @param first until the first token of the answer
 * @param cost what nodes are compared by: the time until the last token, more for what the swarm
 *     would lose and for what speaks against the node
 */
record Forecast(Duration first, Duration cost) {
  // Of a model with a thousand million parameters, in tokens a second; larger ones are slower.
  private static final double PREFILL = 500;
  private static final double PREFILL_ACCELERATED = 8_000;
  private static final double DECODE = 25;
  private static final double DECODE_ACCELERATED = 250;
  private static final double PARAMETERS = 1_000;
  private static final double PARAMETERS_UNKNOWN = 7_000;

  private static final Duration LOAD_LEAST = Duration.ofSeconds(2);
  private static final double LOAD_BYTES_PER_SECOND = 1e9;

  // Tasks beside each other slow each other down.
  private static final double SLOWER_BY_NEIGHBOUR = 0.3;

  // How often a conversation is gone on with.
  private static final double RETURNS = 0.5;

  /**
   * What a node's engine remembers.
   *
   * @param warmBytes of the prompt
   * @param forgottenBytes of another conversation, which the prompt would drive out
   */
  record Memory(long warmBytes, long forgottenBytes) {
    /** Nothing. */
    static final Memory NONE = new Memory(0, 0);
  }

  /**
   * Predicts.
   *
   * @param busy tasks that are there already
   */
  static Forecast of(
      Demand demand,
      Capability node,
      ModelOffer model,
      int busy,
      Memory memory,
      Duration roundTrip) {
    Speed speed = model.speed();
    double size = (model.parameters() > 0 ? model.parameters() : PARAMETERS_UNKNOWN) / PARAMETERS;
    double prefillRate =
        speed.prefill() > 0
            ? speed.prefill()
            : (model.accelerated() ? PREFILL_ACCELERATED : PREFILL) / size;
    double decodeRate =
        speed.decode() > 0
            ? speed.decode()
            : (model.accelerated() ? DECODE_ACCELERATED : DECODE) / size;
    double load = 0;
    long warm = 0;
    if (model.loaded()) {
      warm = memory.warmBytes() / Demand.BYTES_PER_TOKEN;
    } else {
      load =
          speed.load().isZero()
              ? seconds(LOAD_LEAST) + model.sizeBytes() / LOAD_BYTES_PER_SECOND
              : seconds(speed.load());
    }
    double prefill = Math.max(1, demand.tokens() - warm) / prefillRate;
    double decode = demand.outputTokens() / decodeRate;
    int slots = Math.max(1, node.slots());
    double task = demand.tokens() / prefillRate + decode;
    int ahead = Math.max(0, busy + 1 - slots);
    double queue = Math.max(seconds(node.backlog()), ahead * task / slots);
    double neighbours = (double) Math.min(busy, slots - 1) / slots;
    double first = seconds(roundTrip) + queue + load + prefill;
    double finish = first + decode + neighbours * SLOWER_BY_NEIGHBOUR * (prefill + decode);
    double lost =
        model.loaded()
            ? RETURNS * memory.forgottenBytes() / Demand.BYTES_PER_TOKEN / prefillRate
            : 0;
    return new Forecast(duration(first), duration(finish + lost));
  }

  /** The same for a node of which less good is to be expected. */
  Forecast plus(Duration doubt) {
    return new Forecast(first, cost.plus(doubt));
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos((long) (Math.min(seconds, 1e8) * 1e9));
  }
}
