package dev.waggle.node;

import dev.waggle.node.cli.WaggleCommand;

/** Where the program begins. */
public final class Main {
  private Main() {}

  /** Runs a command and ends with its exit code. */
  public static void main(String[] arguments) {
    System.exit(WaggleCommand.run(arguments));
  }
}
