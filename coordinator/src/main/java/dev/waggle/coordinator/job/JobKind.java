package dev.waggle.coordinator.job;

/** What a job is made of. The order never changes: the database counts it. */
public enum JobKind {
  /** Scripts, each by itself or after others. */
  RUN,
  /** One script or prompt over many inputs. */
  MAP,
  /** Prompts. */
  CHAT,
  /** Code that is to be written until its tests pass. */
  CODE
}
