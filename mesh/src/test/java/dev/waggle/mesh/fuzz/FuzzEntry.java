package dev.waggle.mesh.fuzz;

/** Where Jazzer comes in. The target's name is the system property {@code fuzz.target}. */
public final class FuzzEntry {
  private static final FuzzTarget TARGET =
      FuzzTargets.find(System.getProperty("fuzz.target", ""))
          .orElseThrow(() -> new IllegalStateException("-Dfuzz.target names no target"));

  private FuzzEntry() {}

  /** One input. */
  public static void fuzzerTestOneInput(byte[] input) throws Exception {
    TARGET.run(input);
  }
}
