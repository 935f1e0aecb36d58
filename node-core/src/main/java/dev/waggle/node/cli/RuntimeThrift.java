package dev.waggle.node.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the program modest: it runs all day on machines that are used for something else. Concerns
 * the whole JVM, so only the program does it, and no node that is embedded.
 */
final class RuntimeThrift {
  private static final Logger log = LoggerFactory.getLogger(RuntimeThrift.class);

  /** How much of the heap may be free after a collection, in percent; the rest is given back. */
  static final String MOST_FREE = "MaxHeapFreeRatio";

  private static final Map.Entry<String, String> HEAP_WHEN_IDLE = Map.entry(MOST_FREE, "25");

  /** A busy node would only have to ask for it again, with a collection for each piece. */
  private static final Map.Entry<String, String> HEAP_WHEN_BUSY = Map.entry(MOST_FREE, "90");

  /**
   * HotSpot's settings that may change at run time: give back what the heap does not need. In this
   * order, because the least may never be above the most.
   */
  private static final List<Map.Entry<String, String>> HEAP =
      List.of(
          Map.entry("MinHeapFreeRatio", "10"),
          HEAP_WHEN_IDLE,
          Map.entry("G1PeriodicGCInterval", "300000"));

  /** With more collections in a {@link #WATCH_STEP} a node is busy. */
  private static final long IDLE_COLLECTIONS_MAX = 1;

  private static final Duration SETTLED = Duration.ofSeconds(3);
  private static final Duration WATCH_STEP = Duration.ofSeconds(30);

  private RuntimeThrift() {}

  /** Before anything of the node is loaded: leaves out what it does not use. */
  static void beforeStart() {
    System.setProperty("io.netty.jfr.enabled", "false");
    System.setProperty("vertx.disableDnsResolver", "true");
  }

  /** Once the node is ready: gives back the memory that only the start needed. */
  static void afterStart() {
    HotSpotDiagnosticMXBean hotSpot =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (hotSpot == null) {
      return; // Another JVM has its own ways.
    }
    HEAP.forEach(option -> set(hotSpot, option));
    // By then the engines have been asked and the first peers met.
    later(
        SETTLED,
        () -> {
          giveBack();
          watch(hotSpot, collections());
        });
  }

  private static void set(HotSpotDiagnosticMXBean hotSpot, Map.Entry<String, String> option) {
    try {
      hotSpot.setVMOption(option.getKey(), option.getValue());
    } catch (IllegalArgumentException e) {
      log.debug("this JVM does not take {}: {}", option, e.getMessage());
    }
  }

  private static void later(Duration when, Runnable what) {
    CompletableFuture.delayedExecutor(when.toMillis(), TimeUnit.MILLISECONDS).execute(what);
  }

  private static void watch(HotSpotDiagnosticMXBean hotSpot, long before) {
    later(
        WATCH_STEP,
        () -> {
          long now = collections();
          adapt(hotSpot, now - before);
          watch(hotSpot, now);
        });
  }

  /**
   * Has a busy node keep its heap, and an idle one give it back.
   *
   * @param collections how many there were in a {@link #WATCH_STEP}
   */
  static void adapt(HotSpotDiagnosticMXBean hotSpot, long collections) {
    set(hotSpot, collections > IDLE_COLLECTIONS_MAX ? HEAP_WHEN_BUSY : HEAP_WHEN_IDLE);
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(collector -> Math.max(0, collector.getCollectionCount()))
        .sum();
  }

  private static void giveBack() {
    System.gc();
    try {
      // What the compiler and the class loader used and freed, the C library still holds.
      ManagementFactory.getPlatformMBeanServer()
          .invoke(
              new ObjectName("com.sun.management:type=DiagnosticCommand"),
              "systemTrimNativeHeap",
              new Object[0],
              new String[0]);
    } catch (JMException | RuntimeException e) {
      log.debug("this JVM does not trim its native heap: {}", e.toString());
    }
  }
}
