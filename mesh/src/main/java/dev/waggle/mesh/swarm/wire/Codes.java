package dev.waggle.mesh.swarm.wire;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.util.Optional;

/** Constants as numbers: their places in the declaration, counted from 1, so the order is fixed. */
public final class Codes {
  private Codes() {}

  /** The number of a constant. */
  public static <E extends Enum<E>> int of(Class<E> type, E value) {
    E[] values = type.getEnumConstants();
    for (int i = 0; i < values.length; i++) {
      if (values[i].equals(value)) {
        return i + 1;
      }
    }
    throw new AssertionError("not one of its own values");
  }

  /** The constant of a number; empty for one of another version. */
  public static <E extends Enum<E>> Optional<E> find(Class<E> type, int code) {
    E[] values = type.getEnumConstants();
    return code < 1 || code > values.length ? Optional.empty() : Optional.of(values[code - 1]);
  }

  /** The constant of a number. */
  public static <E extends Enum<E>> E to(Class<E> type, int code) throws MalformedFrameException {
    return find(type, code).orElseThrow(() -> new MalformedFrameException("an unknown code"));
  }
}
