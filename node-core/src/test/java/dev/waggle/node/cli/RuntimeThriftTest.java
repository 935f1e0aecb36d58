package dev.waggle.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RuntimeThriftTest {
  private static final String LEAST_FREE = "MinHeapFreeRatio";

  private final HotSpotDiagnosticMXBean hotSpot =
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
  private final String most = option(RuntimeThrift.MOST_FREE);
  private final String least = option(LEAST_FREE);

  private String option(String name) {
    return hotSpot.getVMOption(name).getValue();
  }

  @AfterEach
  void restore() {
    // The least may never be above the most.
    hotSpot.setVMOption(RuntimeThrift.MOST_FREE, most);
    hotSpot.setVMOption(LEAST_FREE, least);
  }

  @Test
  void busyNode_keepsItsHeap_andGivesItBackOnceItIsIdle() {
    hotSpot.setVMOption(LEAST_FREE, "10");
    RuntimeThrift.adapt(hotSpot, 10);
    assertThat(option(RuntimeThrift.MOST_FREE)).isEqualTo("90");
    RuntimeThrift.adapt(hotSpot, 0);
    assertThat(option(RuntimeThrift.MOST_FREE)).isEqualTo("25");
  }
}
