package dev.waggle.worker.model;

import java.io.File;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model's name as Ollama reads it: {@code [host/][namespace/]model[:tag]}. No part begins with a
 * point or has a slash, so that a name never leads out of the store.
 */
record OllamaName(String host, String namespace, String model, String tag) {
  private static final Pattern HOST = Pattern.compile("\\w[\\w.:-]{0,349}");
  private static final Pattern NAMESPACE = Pattern.compile("\\w[\\w-]{0,79}");
  private static final Pattern PART = Pattern.compile("\\w[\\w.-]{0,79}");
  private static final Pattern FORM =
      Pattern.compile(
          "(?:(?:(?<host>[^/]+)/)?(?<namespace>[^/]+)/)?(?<model>[^/:]+)(?::(?<tag>[^/:]+))?");
  private static final String HOST_DEFAULT = "registry.ollama.ai";
  private static final String NAMESPACE_DEFAULT = "library";
  private static final String TAG_DEFAULT = "latest";

  /** Reads a name, with Ollama's defaults for what it leaves out; empty if it is none. */
  static Optional<OllamaName> parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      return Optional.empty();
    }
    OllamaName name =
        new OllamaName(
            orElse(form.group("host"), HOST_DEFAULT),
            orElse(form.group("namespace"), NAMESPACE_DEFAULT),
            form.group("model"),
            orElse(form.group("tag"), TAG_DEFAULT));
    boolean drive = File.separatorChar == '\\' && name.host.contains(":");
    return !drive
            && HOST.matcher(name.host).matches()
            && NAMESPACE.matcher(name.namespace).matches()
            && PART.matcher(name.model).matches()
            && PART.matcher(name.tag).matches()
        ? Optional.of(name)
        : Optional.empty();
  }

  private static String orElse(@org.jspecify.annotations.Nullable String part, String otherwise) {
    return part == null ? otherwise : part;
  }

  /** Whether it is one of the registry that Ollama uses by itself. */
  boolean isOfUsualRegistry() {
    return host.equals(HOST_DEFAULT);
  }

  /** Where its manifest lies below the store's folder of manifests. */
  Path path() {
    return Path.of(host, namespace, model, tag);
  }
}
