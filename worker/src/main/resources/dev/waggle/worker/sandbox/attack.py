# What code in Python tries in order to get out. Every line that it prints names one attack and how it went: "denied",
# "none" where there is nothing to attack, a number that is to be within the limits, or else what it got.
import ctypes, glob, os, platform, socket, struct, sys, time

attack, bait, loopback, lan, lan_port, names, token, amount = sys.argv[1:9]
amount = int(amount)
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == "aarch64"


def tell(name, result):
    os.write(1, f"{name} {result}\n".encode())


def attempt(name, action):
    try:
        got = action()
    except Exception:
        tell(name, "denied")
    else:
        tell(name, got or "done")


def call(amd64, arm64, *arguments):
    result = libc.syscall(arm64 if arm else amd64, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno())
    return result


def write(path):
    with open(path, "w") as file:
        file.write(token)


def connect(host, port):
    with socket.create_connection((host, int(port)), 1):
        pass


def route():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(("192.0.2.1", 9))


def interfaces():
    with open("/proc/net/dev") as file:
        if all(line.split(":")[0].strip() == "lo" for line in file.readlines()[2:]):
            raise OSError("nothing but loopback")


def environments():
    secret = names.split(",")
    for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/task/*/environ"):
        try:
            with open(path, "rb") as file:
                for entry in file.read().split(b"\0"):
                    if entry.split(b"=")[0].decode(errors="replace") in secret:
                        return entry.split(b"=")[0].decode(errors="replace")
        except OSError:
            pass
    raise OSError("nothing secret")


def others():
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        with open(path, "rb") as file:
            if file.read().split(b"\0")[0].endswith(b"java"):
                return path
    raise OSError("no node")


def children():
    pid = os.fork()
    if pid == 0:
        time.sleep(5)
        os._exit(0)
    try:
        call(101, 117, 16, pid, 0, 0)  # PTRACE_ATTACH
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def memory_of_first():
    with open("/proc/1/mem", "r+b", buffering=0) as file:
        with open("/proc/1/maps") as maps:
            file.seek(int(maps.readline().split("-")[0], 16))
        file.read(8)


def parent_root():
    for path in glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/cwd"):
        if os.path.exists(path + bait):
            return path
    raise OSError("nobody sees it")


def probe():
    attempt("host-file", lambda: open(bait).read())
    attempt("host-file-through-others", parent_root)
    attempt("shadow", lambda: open("/etc/shadow").read(1))
    attempt("hosts-of-ssh", lambda: open(os.path.expanduser("/root/.ssh/known_hosts")).read(1))
    for path in ["/escape", "/usr/escape", "/etc/escape", "/proc/escape", "/dev/escape", bait + ".escape"]:
        attempt("write" + path.replace(os.path.dirname(bait), "-bait").replace("/", "-"), lambda: write(path))
    attempt("kernel-setting", lambda: write("/proc/sys/kernel/core_pattern"))
    attempt("sysrq", lambda: write("/proc/sysrq-trigger"))
    attempt("loopback", lambda: connect("127.0.0.1", loopback))
    attempt("own-address", lambda: connect(lan, lan_port) if lan != "none" else connect("127.0.0.1", loopback))
    attempt("route", route)
    attempt("interfaces", interfaces)
    attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
    attempt("raw-socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
    attempt("packet-socket", lambda: socket.socket(17, socket.SOCK_RAW, 3))
    attempt("kernel-crypto", lambda: socket.socket(38, socket.SOCK_SEQPACKET))
    attempt("environments", environments)
    attempt("host-process", others)
    attempt("ptrace", children)
    attempt("mount", lambda: call(165, 40, b"tmpfs", b"/tmp", b"tmpfs", 0, 0))
    attempt("mount-new", lambda: call(430, 430, b"tmpfs", 0))
    attempt("pivot", lambda: call(155, 41, b"/tmp", b"/tmp"))
    attempt("chroot", lambda: call(161, 51, b"/tmp"))
    for name, flag in [("user", 0x10000000), ("mount", 0x20000), ("net", 0x40000000), ("pid", 0x20000000)]:
        attempt("unshare-" + name, lambda: call(272, 97, flag))
    attempt("clone-user", lambda: call(56, 220, 0x10000000 | 17, 0, 0, 0, 0) or os._exit(0))
    attempt("setns", lambda: call(308, 268, os.open("/proc/self/ns/user", os.O_RDONLY), 0))
    attempt("bpf", lambda: call(321, 280, 0, struct.pack("<IIII", 2, 4, 4, 1) + bytes(112), 128))
    attempt("io_uring", lambda: call(425, 425, 1, bytes(120)))
    attempt("keyring", lambda: call(248, 217, b"user", b"waggle", b"x", 1, -2))
    attempt("perf", lambda: call(298, 241, struct.pack("<IIQ", 1, 112, 0) + bytes(96), 0, -1, -1, 0))
    attempt("userfaultfd", lambda: call(323, 282, 1))
    attempt("handles", lambda: call(304, 265, -100, struct.pack("<II", 8, 1) + bytes(8), 0))
    attempt("set-uid", lambda: os.setuid(0))
    attempt("device", lambda: os.mknod("device", 0o600 | 0o060000, os.makedev(8, 0)))
    attempt("clock", lambda: time.clock_settime(time.CLOCK_REALTIME, 0))
    attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -10))
    raw_calls()
    fill()
    tell("end", "none")
    for _ in range(amount >> 16):
        os.write(1, b"x" * (1 << 16))


def raw_calls():
    """A program that came with the script, which tells by itself what was not denied."""
    try:
        program = os.posix_spawn("./raw-calls", ["raw-calls"], {})
    except PermissionError:
        tell("raw-calls", "denied")  # Nobody may run it.
    else:
        os.waitpid(program, 0)


def fill():
    written = 0
    for directory in [".", "/tmp", "/var/tmp", "/dev/shm", "/run", "/", "/home", "/mnt"]:
        for number in range(1000):
            try:
                with open(f"{directory}/fill{number}", "wb", buffering=0) as file:
                    while written < 8 * amount:
                        written += file.write(bytes(1 << 16))
            except OSError:
                if number > 2:
                    break
            if written >= 8 * amount:
                break
    tell("disk", written)
    for number in range(1000):
        try:
            os.unlink(f"fill{number}")
        except OSError:
            break


def fork():
    linger()
    count = 0
    try:
        while count < amount:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            count += 1
    except OSError:
        pass
    tell("processes", count)


def hoard():
    blocks = []
    total = 0
    while total < amount:
        block = bytearray(4 << 20)
        block[::4096] = b"x" * 1024
        blocks.append(block)
        total += 4 << 20
        tell("memory", 4 << 20)
    time.sleep(60)


def hoard_together():
    for _ in range(8):
        if os.fork() == 0:
            blocks = []
            total = 0
            while total < amount // 8:
                block = bytearray(1 << 20)
                block[::4096] = b"x" * 256
                blocks.append(block)
                total += 1 << 20
                tell("memory", 1 << 20)
            time.sleep(60)
            os._exit(0)
    time.sleep(60)


def hoard_unmapped():
    """Memory that no process has mapped: files that exist nowhere, and segments of System V."""
    kept = []
    for _ in range(amount >> 22):
        try:
            file = call(319, 279, b"hoard", 0)
            for _ in range(64):
                tell("memory", os.write(file, bytes(1 << 16)))
            kept.append(file)
        except OSError:
            break
    libc.shmat.restype = ctypes.c_void_p
    libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    libc.shmdt.argtypes = [ctypes.c_void_p]
    for _ in range(amount >> 22):
        try:
            segment = call(29, 194, 0, 4 << 20, 0o1600)
            at = libc.shmat(segment, None, 0)
            ctypes.memset(at, 1, 4 << 20)
            libc.shmdt(at)
            tell("memory", 4 << 20)
        except OSError:
            break
    tell("end", "none")


def linger():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sh", ["sh", "-c", "trap '' TERM HUP INT; while :; do :; done; : " + token])
        os._exit(0)
    os.wait()
    tell("daemon", "none")


def spin():
    while True:
        pass


{"probe": probe, "fork": fork, "hoard": hoard, "hoard-together": hoard_together,
 "hoard-unmapped": hoard_unmapped, "spin": spin}[attack]()
