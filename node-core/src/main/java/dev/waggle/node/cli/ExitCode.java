package dev.waggle.node.cli;

/** How the program ends. */
final class ExitCode {
  /** The work is done. */
  static final int DONE = 0;

  /** The work failed. */
  static final int FAILED = 1;

  /** The command was used wrongly. */
  static final int USAGE = 2;

  /** The node does not run. */
  static final int NOT_RUNNING = 3;

  private ExitCode() {}
}
