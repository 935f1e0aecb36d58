package dev.waggle.mesh.swarm.capability;

/** What a model, or a sandbox, can be asked for. The order never changes: the wire counts it. */
public enum Ability {
  /** Goes on with a text or a conversation. */
  COMPLETION,
  /** Calls tools that a request describes. */
  TOOLS,
  /** Looks at images. */
  VISION,
  /** Fills in between a text and a suffix. */
  INSERT,
  /** Shows its reasoning apart from its answer. */
  THINKING,
  /** Turns texts into vectors. */
  EMBEDDING,
  /** Is no model, but a sandbox that runs code of one language. */
  CODE
}
