package dev.waggle.mesh.swarm.exchange;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What code can be written in. The order never changes: the wire counts it. */
public enum Language {
  /** Python 3. */
  PYTHON("main.py"),
  /** JavaScript, as one script without modules. */
  JAVASCRIPT("main.js"),
  /** The POSIX shell. */
  SHELL("main.sh"),
  /** Java, as one file with a {@code main}. */
  JAVA("Main.java");

  private static final String RUNTIME = "sandbox/";

  private final String file;

  Language(String file) {
    this.file = file;
  }

  /** Under which name its code is run. */
  public String file() {
    return file;
  }

  /** As users write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The name in adverts, offers and receipts of what runs it. */
  public String runtime() {
    return RUNTIME + text();
  }

  /** What users call the language of a runtime; the runtime's own name where it has none. */
  public static String ofRuntime(String runtime) {
    return runtime.startsWith(RUNTIME) ? runtime.substring(RUNTIME.length()) : runtime;
  }

  /** The language that a user names. */
  public static Optional<Language> find(String text) {
    return Arrays.stream(values()).filter(each -> each.text().equals(text)).findFirst();
  }
}
