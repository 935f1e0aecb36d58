package dev.waggle.node.demo;

/** A step of the demo did not come out as it should; the message says which and why. */
public final class DemoException extends Exception {
  private static final long serialVersionUID = 1L;

  DemoException(String message) {
    super(message);
  }
}
