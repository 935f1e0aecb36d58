package dev.waggle.worker.owner;

import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor;
import oshi.hardware.HardwareAbstractionLayer;
import oshi.hardware.PowerSource;

/** Reads how this machine is, on Linux, macOS and Windows. Not thread-safe; blocks shortly. */
public final class Machine {
  // Where notebooks begin to throttle, and where they switch off, in degrees Celsius.
  private static final double SERIOUS_ABOVE = 95;
  private static final double CRITICAL_ABOVE = 103;
  private static final Logger log = LoggerFactory.getLogger(Machine.class);

  private @Nullable HardwareAbstractionLayer hardware;
  private long[] ticks = new long[0];

  /** Reads; the load is that since the last time. */
  public MachineState read() {
    try {
      if (hardware == null) {
        hardware = new SystemInfo().getHardware();
        ticks = hardware.getProcessor().getSystemCpuLoadTicks();
      }
      return read(hardware);
    } catch (RuntimeException | LinkageError e) {
      log.debug("this machine does not say how it is: {}", e.toString());
      return MachineState.UNKNOWN;
    }
  }

  private MachineState read(HardwareAbstractionLayer from) {
    CentralProcessor processor = from.getProcessor();
    long[] before = ticks;
    ticks = processor.getSystemCpuLoadTicks();
    double load = processor.getSystemCpuLoadBetweenTicks(before, ticks);
    List<PowerSource> batteries =
        from.getPowerSources().stream()
            .filter(each -> each.getMaxCapacity() > 0 && each.getRemainingCapacityPercent() >= 0)
            .toList();
    OptionalInt charge =
        batteries.stream()
            .mapToInt(each -> (int) Math.round(100 * each.getRemainingCapacityPercent()))
            .min();
    return new MachineState(
        charge,
        batteries.isEmpty() || batteries.stream().anyMatch(PowerSource::isPowerOnLine),
        (int) Math.round(100 * load),
        from.getMemory().getAvailable() >> 20,
        heat(from.getSensors().getCpuTemperature()));
  }

  private static MachineState.Heat heat(double degrees) {
    // Sensors that are not there show 0 or nothing.
    return degrees > CRITICAL_ABOVE
        ? MachineState.Heat.CRITICAL
        : degrees > SERIOUS_ABOVE ? MachineState.Heat.SERIOUS : MachineState.Heat.NORMAL;
  }
}
