package dev.waggle.coordinator;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Runs steps one after another on whichever thread brings them, so that what they touch has one
 * owner at a time. A step that comes while another runs is run by the thread that is at it.
 */
final class Strand {
  private final Queue<Runnable> steps = new ArrayDeque<>();
  private boolean draining;

  void run(Runnable step) {
    synchronized (steps) {
      steps.add(step);
      if (draining) {
        return;
      }
      draining = true;
    }
    drain();
  }

  private void drain() {
    while (true) {
      Runnable step;
      synchronized (steps) {
        step = steps.poll();
        if (step == null) {
          draining = false;
          return;
        }
      }
      boolean completed = false;
      try {
        step.run();
        completed = true;
      } finally {
        if (!completed) {
          synchronized (steps) {
            draining = false;
          }
        }
      }
    }
  }
}
