package dev.waggle.coordinator.job;

import java.util.List;

/**
 * A part of the code that is wanted.
 *
 * @param name of it; where it has a file of its own, of that, without the ending
 * @param prompt what it is to do
 * @param after names of the parts that it uses
 */
record Subtask(String name, String prompt, List<String> after) {
  /** What is made when nothing was decomposed, and what the last part is called otherwise. */
  static final String WHOLE = "solution";

  Subtask {
    after = List.copyOf(after);
  }

  /** How the names of its steps begin: what is left after parts is other work than all as one. */
  String steps() {
    return isWhole() && !after.isEmpty() ? name + "-rest" : name;
  }

  boolean isWhole() {
    return name.equals(WHOLE);
  }
}
