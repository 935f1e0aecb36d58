package dev.waggle.mesh.libp2p;

import java.util.concurrent.CompletionException;

/** What futures fail with. */
public final class Failures {
  private Failures() {}

  /** What made a future fail, without what later stages of it wrap around. */
  public static Throwable cause(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }
}
