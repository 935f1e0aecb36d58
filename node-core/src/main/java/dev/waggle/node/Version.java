package dev.waggle.node;

/** The version of this software. */
public final class Version {
  private static final String DEVELOPMENT = "0.1.0-dev";

  private Version() {}

  /** For example {@code 0.1.0}. */
  public static String current() {
    String packaged = Version.class.getPackage().getImplementationVersion();
    return packaged == null ? DEVELOPMENT : packaged;
  }

  /** Name and version, as peers see it. */
  public static String software() {
    return "waggle/" + current();
  }
}
