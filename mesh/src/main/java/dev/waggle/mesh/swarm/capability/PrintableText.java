package dev.waggle.mesh.swarm.capability;

/** What peers say of themselves is shown to people, so it may not carry control characters. */
final class PrintableText {
  private PrintableText() {}

  static void check(String text, int charactersMax, String what) {
    if (text.isEmpty()
        || text.length() > charactersMax
        || text.codePoints().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          what + " has 1 to " + charactersMax + " printable characters");
    }
  }
}
