package dev.waggle.mesh.swarm.blob;

import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The SHA-256 of a blob, which is its name.
 *
 * @param hex 64 hex digits in lower case, and so never a path
 */
public record BlobDigest(String hex) {
  /** Its length as bytes. */
  public static final int BYTES = 32;

  private static final String PREFIX = "sha256:";
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  public BlobDigest {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException("a digest has 64 hex digits in lower case");
    }
  }

  /**
   * The digest that these bytes are.
   *
   * @throws IllegalArgumentException unless they are 32
   */
  public static BlobDigest ofBytes(byte[] bytes) {
    return new BlobDigest(HexFormat.of().formatHex(bytes));
  }

  /** Reads {@code sha256:} and 64 hex digits; empty for anything else. */
  public static Optional<BlobDigest> parse(String text) {
    return text.startsWith(PREFIX) && HEX.matcher(text.substring(PREFIX.length())).matches()
        ? Optional.of(new BlobDigest(text.substring(PREFIX.length())))
        : Optional.empty();
  }

  /** A fresh copy of its bytes. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  /** As engines and adverts write it: {@code sha256:} and the hex digits. */
  @Override
  public String toString() {
    return PREFIX + hex;
  }
}
