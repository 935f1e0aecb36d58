package dev.waggle.worker.sandbox;

import java.util.List;

/**
 * A system call of Linux that a program of a few bytes attacks with. Every sandbox refuses it
 * before the kernel looks at its arguments, which are of no use. The numbers are written down here
 * once more, so that a mistake in a filter's list is not repeated by the attack on it.
 *
 * @param name in the kernel's tables, and of what it is asked for
 * @param amd64 its number on x86-64
 * @param x32 its number there with the bit of x32, which is not included
 * @param i386 its number there through the entry of 32-bit programs
 * @param arm64 its number on 64-bit ARM
 * @param first its first argument; the others are -1
 */
public record RawCall(String name, int amd64, int x32, int i386, int arm64, int first) {
  /** What is set in the numbers of x32. */
  public static final int X32_BIT = 0x40000000;

  /** All of them. */
  public static final List<RawCall> ALL =
      List.of(
          // Other processes.
          new RawCall("ptrace", 101, 521, 26, 117),
          new RawCall("process_vm_readv", 310, 539, 347, 270),
          new RawCall("process_vm_writev", 311, 540, 348, 271),
          new RawCall("pidfd_getfd", 438, 438, 438, 438),
          new RawCall("kcmp", 312, 312, 349, 272),
          // File systems and namespaces.
          new RawCall("mount", 165, 165, 21, 40),
          new RawCall("pivot_root", 155, 155, 217, 41),
          new RawCall("chroot", 161, 161, 61, 51),
          new RawCall("open_tree", 428, 428, 428, 428),
          new RawCall("fsopen", 430, 430, 430, 430),
          new RawCall("mount_setattr", 442, 442, 442, 442),
          new RawCall("open_by_handle_at", 304, 304, 342, 265),
          new RawCall("unshare", 272, 272, 310, 97),
          new RawCall("setns", 308, 308, 346, 268),
          new RawCall("clone", 56, 56, 120, 220), // With all flags, those of namespaces too.
          new RawCall("clone3", 435, 435, 435, 435),
          // The kernel itself.
          new RawCall("bpf", 321, 321, 357, 280),
          new RawCall("perf_event_open", 298, 298, 336, 241),
          new RawCall("userfaultfd", 323, 323, 374, 282),
          new RawCall("io_uring_setup", 425, 425, 425, 425),
          new RawCall("keyctl", 250, 250, 288, 219),
          new RawCall("add_key", 248, 248, 286, 217),
          new RawCall("request_key", 249, 249, 287, 218),
          new RawCall("init_module", 175, 175, 128, 105),
          new RawCall("kexec_load", 246, 528, 283, 104),
          // Networks that no namespace keeps away, or that reach the kernel's own parts.
          socket("vsock", 40),
          socket("packet", 17),
          socket("netlink", 16),
          socket("alg", 38));

  private RawCall(String name, int amd64, int x32, int i386, int arm64) {
    this(name, amd64, x32, i386, arm64, -1);
  }

  private static RawCall socket(String family, int number) {
    return new RawCall("socket-" + family, 41, 41, 359, 198, number);
  }
}
