package dev.waggle.mesh.swarm.exchange;

/**
 * A file that code finds in its directory when it starts, or leaves there.
 *
 * @param path relative to the directory, with {@code /} between names; see {@link #check}
 * @param executable whether it can be run as a program
 */
public record CodeFile(String path, Bytes content, boolean executable) {
  /** The longest path, in characters. */
  public static final int PATH_CHARACTERS_MAX = 255;

  public CodeFile {
    check(path);
  }

  /** A file that is no program. */
  public CodeFile(String path, Bytes content) {
    this(path, content, /* executable= */ false);
  }

  /**
   * Refuses a path that could lead out of a directory, or that a file system may read otherwise.
   *
   * @throws IllegalArgumentException that says what is wrong with it
   */
  public static void check(String path) {
    if (path.isEmpty() || path.length() > PATH_CHARACTERS_MAX) {
      throw new IllegalArgumentException(
          "a file's path has 1 to " + PATH_CHARACTERS_MAX + " characters");
    }
    if (path.chars().anyMatch(c -> Character.isISOControl(c) || "\\:*?\"<>|".indexOf(c) >= 0)) {
      throw new IllegalArgumentException(
          "a file's path has no control characters and none of \\ : * ? \" < > |");
    }
    for (String name : path.split("/", -1)) {
      if (name.isEmpty() || name.equals(".") || name.equals("..")) {
        throw new IllegalArgumentException(
            "a file's path is relative, and no part of it is empty, \".\" or \"..\"");
      }
    }
  }
}
