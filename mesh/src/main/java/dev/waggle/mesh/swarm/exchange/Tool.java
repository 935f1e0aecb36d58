package dev.waggle.mesh.swarm.exchange;

/**
 * Something that a model may call.
 *
 * @param name what the model calls it, 1 to {@value #NAME_CHARACTERS_MAX} characters
 * @param description what it is for; may be empty
 * @param parameters JSON Schema of its arguments, as text
 */
public record Tool(String name, String description, String parameters) {
  /** The longest name. */
  public static final int NAME_CHARACTERS_MAX = 128;

  public Tool {
    if (name.isEmpty() || name.length() > NAME_CHARACTERS_MAX) {
      throw new IllegalArgumentException(
          "a tool's name has 1 to " + NAME_CHARACTERS_MAX + " characters");
    }
  }
}
