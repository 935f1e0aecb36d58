package dev.waggle.worker.sandbox.process;

import dev.waggle.worker.sandbox.DeniedCall;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the kernel asks before each system call: a program of classic BPF over {@code struct
 * seccomp_data} (linux/seccomp.h, linux/filter.h). It refuses what {@link DeniedCall} lists, new
 * namespaces, typing into terminals, and sockets of any family but Unix and IP: a namespace keeps
 * the network away from IP only.
 */
final class SeccompFilter {
  /** An architecture of the kernel, with the numbers of the calls whose arguments are looked at. */
  enum Architecture {
    AMD64(0xc000003e, 56, 16, 41),
    ARM64(0xc00000b7, 220, 29, 198);

    private final int audit;
    private final int clone;
    private final int ioctl;
    private final int socket;

    Architecture(int audit, int clone, int ioctl, int socket) {
      this.audit = audit;
      this.clone = clone;
      this.ioctl = ioctl;
      this.socket = socket;
    }

    /** The one of this machine; empty if there is no filter for it. */
    static Optional<Architecture> here() {
      return switch (System.getProperty("os.arch")) {
        case "amd64", "x86_64" -> Optional.of(AMD64);
        case "aarch64" -> Optional.of(ARM64);
        default -> Optional.empty();
      };
    }

    private int number(DeniedCall call) {
      return this == AMD64 ? call.amd64() : call.arm64();
    }
  }

  private static final int LOAD = 0x20;
  private static final int IF_EQUAL = 0x15;
  private static final int IF_AT_LEAST = 0x35;
  private static final int IF_ANY_BIT = 0x45;
  private static final int RETURN = 0x06;

  private static final int ALLOW = 0x7fff0000;
  private static final int KILL = 0x80000000;
  private static final int ERROR = 0x00050000;
  private static final int EPERM = 1;
  private static final int ENOSYS = 38;
  private static final int EAFNOSUPPORT = 97;

  // Offsets in seccomp_data; of the arguments the lower half, which both architectures have first.
  private static final int NUMBER_AT = 0;
  private static final int ARCHITECTURE_AT = 4;
  private static final int FIRST_AT = 16;
  private static final int SECOND_AT = 24;

  private static final int CLONE3 = 435;
  private static final int X32_BIT = 0x40000000;
  private static final int NEW_NAMESPACES = 0x7e020000;
  private static final List<Integer> FAMILIES = List.of(1, 2, 10);
  private static final List<Integer> TYPING = List.of(0x5412, 0x541c);

  private record Instruction(int code, int ifTrue, int ifFalse, int value) {}

  private final List<Instruction> program = new ArrayList<>();

  private SeccompFilter() {}

  /** The program, as bubblewrap takes it. */
  static byte[] bytes(Architecture architecture) {
    SeccompFilter filter = new SeccompFilter();
    filter.write(architecture);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 * filter.program.size()).order(ByteOrder.LITTLE_ENDIAN);
    for (Instruction each : filter.program) {
      bytes.putShort((short) each.code());
      bytes.put((byte) each.ifTrue()).put((byte) each.ifFalse()).putInt(each.value());
    }
    return bytes.array();
  }

  private void write(Architecture architecture) {
    add(LOAD, 0, 0, ARCHITECTURE_AT);
    add(IF_EQUAL, 1, 0, architecture.audit);
    add(RETURN, 0, 0, KILL);
    add(LOAD, 0, 0, NUMBER_AT);
    if (architecture == Architecture.AMD64) {
      add(IF_AT_LEAST, 0, 1, X32_BIT); // The same calls under other numbers.
      add(RETURN, 0, 0, KILL);
    }
    for (DeniedCall each : DeniedCall.ALL) {
      int number = architecture.number(each);
      if (number != DeniedCall.NONE) {
        answer(number, ERROR | EPERM);
      }
    }
    // Its flags are out of sight; whoever hears that it does not exist uses clone.
    answer(CLONE3, ERROR | ENOSYS);
    add(IF_EQUAL, 0, 4, architecture.clone);
    add(LOAD, 0, 0, FIRST_AT);
    add(IF_ANY_BIT, 0, 1, NEW_NAMESPACES);
    add(RETURN, 0, 0, ERROR | EPERM);
    add(RETURN, 0, 0, ALLOW);
    whenArgument(architecture.ioctl, SECOND_AT, TYPING, ERROR | EPERM, ALLOW);
    whenArgument(architecture.socket, FIRST_AT, FAMILIES, ALLOW, ERROR | EAFNOSUPPORT);
    add(RETURN, 0, 0, ALLOW);
  }

  private void answer(int number, int answer) {
    add(IF_EQUAL, 0, 1, number);
    add(RETURN, 0, 0, answer);
  }

  /** One answer where an argument is one of some values, another where not. */
  private void whenArgument(int number, int at, List<Integer> values, int listed, int other) {
    add(IF_EQUAL, 0, 1 + 2 * values.size() + 1, number);
    add(LOAD, 0, 0, at);
    for (int value : values) {
      answer(value, listed);
    }
    add(RETURN, 0, 0, other);
  }

  private void add(int code, int ifTrue, int ifFalse, int value) {
    program.add(new Instruction(code, ifTrue, ifFalse, value));
  }
}
