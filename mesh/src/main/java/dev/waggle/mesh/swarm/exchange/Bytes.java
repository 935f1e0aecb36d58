package dev.waggle.mesh.swarm.exchange;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes that never change, equal to others of the same content. */
public final class Bytes {
  /** None. */
  public static final Bytes EMPTY = new Bytes(new byte[0]);

  private final byte[] bytes;

  private Bytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /** A copy of what is given. */
  public static Bytes of(byte[] bytes) {
    return bytes.length == 0 ? EMPTY : new Bytes(bytes.clone());
  }

  /** A text in UTF-8. */
  public static Bytes of(String text) {
    return text.isEmpty() ? EMPTY : new Bytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A copy. */
  public byte[] toArray() {
    return bytes.clone();
  }

  /** How many they are. */
  public int size() {
    return bytes.length;
  }

  /** What they say in UTF-8; what is not UTF-8 becomes replacement characters. */
  public String text() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Only the size: what they say may be anybody's secret. */
  @Override
  public String toString() {
    return bytes.length + " bytes";
  }
}
