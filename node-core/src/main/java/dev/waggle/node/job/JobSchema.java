package dev.waggle.node.job;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The form of job files, for editors and for who writes them by program. */
public final class JobSchema {
  private static final String FILE = "job.schema.json";

  private JobSchema() {}

  /** It, as a JSON Schema. */
  public static String text() {
    try (InputStream file = JobSchema.class.getResourceAsStream(FILE)) {
      if (file == null) {
        throw new AssertionError(FILE + " is part of this program");
      }
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
