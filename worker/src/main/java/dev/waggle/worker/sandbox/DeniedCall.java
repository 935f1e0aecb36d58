package dev.waggle.worker.sandbox;

import java.util.List;

/**
 * A system call of Linux that code has no use for and an attacker may have.
 *
 * @param name in the kernel's tables
 * @param amd64 its number on x86-64; {@link #NONE} where there is none
 * @param arm64 its number on 64-bit ARM; {@link #NONE} where there is none
 */
public record DeniedCall(String name, int amd64, int arm64) {
  /** The number of a call that an architecture does not have. */
  public static final int NONE = -1;

  /** All of them. */
  public static final List<DeniedCall> ALL =
      List.of(
          // Other processes.
          new DeniedCall("ptrace", 101, 117),
          new DeniedCall("process_vm_readv", 310, 270),
          new DeniedCall("process_vm_writev", 311, 271),
          new DeniedCall("pidfd_getfd", 438, 438),
          new DeniedCall("kcmp", 312, 272),
          // File systems and namespaces.
          new DeniedCall("mount", 165, 40),
          new DeniedCall("umount2", 166, 39),
          new DeniedCall("pivot_root", 155, 41),
          new DeniedCall("chroot", 161, 51),
          new DeniedCall("open_tree", 428, 428),
          new DeniedCall("move_mount", 429, 429),
          new DeniedCall("fsopen", 430, 430),
          new DeniedCall("fsconfig", 431, 431),
          new DeniedCall("fsmount", 432, 432),
          new DeniedCall("fspick", 433, 433),
          new DeniedCall("mount_setattr", 442, 442),
          new DeniedCall("name_to_handle_at", 303, 264),
          new DeniedCall("open_by_handle_at", 304, 265),
          new DeniedCall("fanotify_init", 300, 262),
          new DeniedCall("quotactl", 179, 60),
          new DeniedCall("quotactl_fd", 443, 443),
          new DeniedCall("lookup_dcookie", 212, 18),
          new DeniedCall("nfsservctl", 180, 42),
          new DeniedCall("unshare", 272, 97),
          new DeniedCall("setns", 308, 268),
          // The kernel itself.
          new DeniedCall("bpf", 321, 280),
          new DeniedCall("perf_event_open", 298, 241),
          new DeniedCall("userfaultfd", 323, 282),
          new DeniedCall("io_uring_setup", 425, 425),
          new DeniedCall("io_uring_enter", 426, 426),
          new DeniedCall("io_uring_register", 427, 427),
          new DeniedCall("keyctl", 250, 219),
          new DeniedCall("add_key", 248, 217),
          new DeniedCall("request_key", 249, 218),
          new DeniedCall("init_module", 175, 105),
          new DeniedCall("finit_module", 313, 273),
          new DeniedCall("delete_module", 176, 106),
          new DeniedCall("kexec_load", 246, 104),
          new DeniedCall("kexec_file_load", 320, 294),
          new DeniedCall("reboot", 169, 142),
          new DeniedCall("swapon", 167, 224),
          new DeniedCall("swapoff", 168, 225),
          new DeniedCall("syslog", 103, 116),
          new DeniedCall("acct", 163, 89),
          new DeniedCall("vhangup", 153, 58),
          new DeniedCall("settimeofday", 164, 170),
          new DeniedCall("clock_settime", 227, 112),
          new DeniedCall("adjtimex", 159, 171),
          new DeniedCall("clock_adjtime", 305, 266),
          new DeniedCall("personality", 135, 92),
          new DeniedCall("modify_ldt", 154, NONE),
          new DeniedCall("iopl", 172, NONE),
          new DeniedCall("ioperm", 173, NONE),
          new DeniedCall("uselib", 134, NONE),
          // More of the machine than the limits: other processors, memory that no process has.
          new DeniedCall("sched_setaffinity", 203, 122),
          new DeniedCall("mbind", 237, 235),
          new DeniedCall("set_mempolicy", 238, 237),
          new DeniedCall("set_mempolicy_home_node", 450, 450),
          new DeniedCall("move_pages", 279, 239),
          new DeniedCall("migrate_pages", 256, 238),
          new DeniedCall("memfd_create", 319, 279),
          new DeniedCall("memfd_secret", 447, 447),
          new DeniedCall("shmget", 29, 194),
          new DeniedCall("msgget", 68, 186),
          new DeniedCall("semget", 64, 190),
          new DeniedCall("mq_open", 240, 180));
}
