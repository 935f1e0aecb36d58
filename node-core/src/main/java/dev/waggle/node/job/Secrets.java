package dev.waggle.node.job;

import java.util.List;
import java.util.regex.Pattern;

/** Finds what looks like a secret in a text that is to leave the swarm. */
final class Secrets {
  /** What stands in a secret's place. */
  static final String HIDDEN = "[secret]";

  /** Forms that say by themselves what they are. */
  private static final List<Pattern> FORMS =
      List.of(
          Pattern.compile(
              "-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\\z)",
              Pattern.DOTALL),
          Pattern.compile("\\b(AKIA|ASIA)[0-9A-Z]{16}\\b"),
          Pattern.compile("\\bgh[pousr]_[A-Za-z0-9]{20,}\\b"),
          Pattern.compile("\\bgithub_pat_[A-Za-z0-9_]{20,}\\b"),
          Pattern.compile("\\bglpat-[A-Za-z0-9_-]{16,}"),
          Pattern.compile("\\b[sr]k[-_][A-Za-z0-9_-]{16,}"),
          Pattern.compile("\\bxox[a-z]-[A-Za-z0-9-]{10,}"),
          Pattern.compile("\\bAIza[A-Za-z0-9_-]{30,}"),
          Pattern.compile("\\bnpm_[A-Za-z0-9]{30,}\\b"),
          Pattern.compile("\\beyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*"));

  /** Forms of which a part is kept. */
  private static final List<Pattern> NAMED =
      List.of(
          Pattern.compile("(?i)(bearer\\s+)[A-Za-z0-9._~+/=-]{8,}"),
          Pattern.compile("([a-z][a-z0-9+.-]*://[^/\\s:@]+:)[^@\\s/]+(?=@)"),
          Pattern.compile(
              "(?i)((?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)"
                  + "[\"']?\\s*[:=]\\s*[\"']?)[^\\s\"',;]{4,}"));

  private Secrets() {}

  /** The text with secrets made unreadable. */
  static String hide(String text) {
    String hidden = text;
    for (Pattern each : FORMS) {
      hidden = each.matcher(hidden).replaceAll(HIDDEN);
    }
    for (Pattern each : NAMED) {
      hidden = each.matcher(hidden).replaceAll("$1" + HIDDEN);
    }
    return hidden;
  }
}
