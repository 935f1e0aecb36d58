package dev.waggle.worker.sandbox.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.worker.sandbox.DeniedCall;
import dev.waggle.worker.sandbox.RawCall;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The filter's program, run as the kernel would run it. */
class SeccompFilterTest {
  private static final int ALLOW = 0x7fff0000;
  private static final int EPERM = 0x00050001;
  private static final int ENOSYS = 0x00050026;
  private static final int EAFNOSUPPORT = 0x00050061;
  private static final int KILL = 0x80000000;

  private static int audit(SeccompFilter.Architecture architecture) {
    return architecture == SeccompFilter.Architecture.AMD64 ? 0xc000003e : 0xc00000b7;
  }

  private static int answer(
      SeccompFilter.Architecture architecture, int number, long first, long second) {
    return answer(architecture, audit(architecture), number, first, second);
  }

  private static int answer(
      SeccompFilter.Architecture architecture, int audit, int number, long first, long second) {
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.putInt(number).putInt(audit).putLong(0).putLong(first).putLong(second);
    ByteBuffer program =
        ByteBuffer.wrap(SeccompFilter.bytes(architecture)).order(ByteOrder.LITTLE_ENDIAN);
    int loaded = 0;
    int at = 0;
    while (true) {
      int code = program.getShort(8 * at);
      int value = program.getInt(8 * at + 4);
      boolean jump;
      switch (code) {
        case 0x20 -> {
          loaded = data.getInt(value);
          at++;
          continue;
        }
        case 0x06 -> {
          return value;
        }
        case 0x15 -> jump = loaded == value;
        case 0x35 -> jump = Integer.compareUnsigned(loaded, value) >= 0;
        case 0x45 -> jump = (loaded & value) != 0;
        default -> throw new AssertionError("no such instruction: " + code);
      }
      at += 1 + (program.get(8 * at + (jump ? 2 : 3)) & 0xff);
    }
  }

  @ParameterizedTest
  @EnumSource
  void deniedCalls_areRefused(SeccompFilter.Architecture architecture) {
    for (DeniedCall each : DeniedCall.ALL) {
      int number = architecture == SeccompFilter.Architecture.AMD64 ? each.amd64() : each.arm64();
      if (number != DeniedCall.NONE) {
        assertThat(answer(architecture, number, 0, 0)).as(each.name()).isEqualTo(EPERM);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void callsThatSandboxesAreAttackedWith_areRefused(SeccompFilter.Architecture architecture) {
    boolean amd64 = architecture == SeccompFilter.Architecture.AMD64;
    for (RawCall each : RawCall.ALL) {
      assertThat(answer(architecture, amd64 ? each.amd64() : each.arm64(), each.first(), -1))
          .as(each.name())
          .isIn(EPERM, ENOSYS, EAFNOSUPPORT);
      if (amd64) {
        assertThat(answer(architecture, each.x32() | RawCall.X32_BIT, each.first(), -1))
            .as(each.name())
            .isEqualTo(KILL);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void newNamespaces_areRefused_andProcessesAreNot(SeccompFilter.Architecture architecture) {
    int clone = architecture == SeccompFilter.Architecture.AMD64 ? 56 : 220;
    for (long flag :
        new long[] {0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000}) {
      assertThat(answer(architecture, clone, flag | 17, 0)).isEqualTo(EPERM);
    }
    assertThat(answer(architecture, clone, 0x40000000L | 17, 0)).isEqualTo(EPERM);
    assertThat(answer(architecture, clone, 0x003d0f00, 0)).isEqualTo(ALLOW);
    assertThat(answer(architecture, 435, 0, 0)).isEqualTo(ENOSYS);
  }

  @ParameterizedTest
  @EnumSource
  void sockets_ofOtherFamiliesThanUnixAndIp_areRefused(SeccompFilter.Architecture architecture) {
    int socket = architecture == SeccompFilter.Architecture.AMD64 ? 41 : 198;
    for (int family = 0; family < 64; family++) {
      boolean allowed = family == 1 || family == 2 || family == 10;
      assertThat(answer(architecture, socket, family, 0)).isEqualTo(allowed ? ALLOW : EAFNOSUPPORT);
    }
    // The kernel reads an int: what is above does not make another family of it.
    assertThat(answer(architecture, socket, (1L << 32) | 40, 0)).isEqualTo(EAFNOSUPPORT);
  }

  @ParameterizedTest
  @EnumSource
  void typingIntoATerminal_isRefused_andOtherControlIsNot(SeccompFilter.Architecture architecture) {
    int ioctl = architecture == SeccompFilter.Architecture.AMD64 ? 16 : 29;
    assertThat(answer(architecture, ioctl, 0, 0x5412)).isEqualTo(EPERM);
    assertThat(answer(architecture, ioctl, 0, (1L << 32) | 0x5412)).isEqualTo(EPERM);
    assertThat(answer(architecture, ioctl, 0, 0x541c)).isEqualTo(EPERM);
    assertThat(answer(architecture, ioctl, 0, 0x5401)).isEqualTo(ALLOW);
  }

  @ParameterizedTest
  @EnumSource
  void callsOfAnotherArchitecture_kill(SeccompFilter.Architecture architecture) {
    assertThat(answer(architecture, 0x40000003, 0, 0, 0)).isEqualTo(KILL); // 32-bit x86.
  }

  @Test
  void callsOfX32_kill() {
    assertThat(answer(SeccompFilter.Architecture.AMD64, 0x40000000 + 101, 0, 0)).isEqualTo(KILL);
  }

  @ParameterizedTest
  @EnumSource
  void program_fitsIntoTheKernel(SeccompFilter.Architecture architecture) {
    // Jumps are bytes, and the kernel takes 4096 instructions.
    assertThat(SeccompFilter.bytes(architecture).length / 8).isLessThan(4096);
    assertThat(answer(architecture, 0, 0, 0)).isEqualTo(ALLOW);
  }
}
