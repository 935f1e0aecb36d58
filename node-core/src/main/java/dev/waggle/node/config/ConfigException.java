package dev.waggle.node.config;

/** A setting is wrong; the message names it, where it stands, and what to write instead. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  public ConfigException(String message) {
    super(message);
  }

  public ConfigException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Never null: there is always a cause. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
