package dev.waggle.mesh.libp2p;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A map of bounded size: the entry that was not touched for longest makes room. Not thread-safe.
 */
public final class RecentMap<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1L;

  private final int entriesMax;

  /**
   * @param entriesMax the most entries
   */
  public RecentMap(int entriesMax) {
    super(16, 0.75f, /* accessOrder= */ true);
    this.entriesMax = entriesMax;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > entriesMax;
  }
}
