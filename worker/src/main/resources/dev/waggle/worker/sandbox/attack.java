import java.io.FileOutputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/** What code in Java tries in order to get out; see attack.py. */
public class Main {
  static String[] given;

  static void tell(String name, Object result) {
    System.out.print(name + " " + result + "\n");
    System.out.flush();
  }

  static void attempt(String name, Callable<?> action) {
    Object got;
    try {
      got = action.call();
    } catch (Throwable e) {
      tell(name, "denied");
      return;
    }
    tell(name, got == null ? "done" : got);
  }

  static Object reach(String host, String port) throws Exception {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(port)), 1000);
    }
    return null;
  }

  static Object shell(String... command) throws Exception {
    if (new ProcessBuilder(command).start().waitFor() != 0) {
      throw new Exception("it did not go well");
    }
    return null;
  }

  static Object environments() throws Exception {
    Set<String> secret = Set.of(given[5].split(","));
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      for (Path each : all.toList()) {
        String text;
        try {
          text = new String(Files.readAllBytes(each.resolve("environ")), StandardCharsets.ISO_8859_1);
        } catch (Exception e) {
          continue;
        }
        for (String entry : text.split("\0")) {
          if (secret.contains(entry.split("=")[0])) {
            return entry.split("=")[0];
          }
        }
      }
    }
    throw new Exception("nothing secret");
  }

  static void probe() throws Exception {
    attempt("host-file", () -> Files.readString(Path.of(given[1])));
    attempt("shadow", () -> Files.readAllBytes(Path.of("/etc/shadow")).length);
    for (String path : List.of("/escape", "/usr/escape", "/etc/escape", "/dev/escape")) {
      attempt("write" + path.replace('/', '-'), () -> Files.writeString(Path.of(path), given[6]));
    }
    attempt("write-bait", () -> Files.writeString(Path.of(given[1] + ".escape"), given[6]));
    attempt("loopback", () -> reach("127.0.0.1", given[2]));
    if (!given[3].equals("none")) {
      attempt("own-address", () -> reach(given[3], given[4]));
    }
    attempt("environments", Main::environments);
    attempt("unshare", () -> shell("unshare", "-U", "true"));
    attempt("mount", () -> shell("unshare", "-r", "-m", "mount", "-t", "tmpfs", "x", "/tmp"));
    rawCalls();
    fill(Long.parseLong(given[7]));
    tell("end", "none");
    System.out.print("x".repeat(Integer.parseInt(given[7])));
  }

  /** A program that came with the script, which tells by itself what was not denied. */
  static void rawCalls() throws Exception {
    if (Files.exists(Path.of("raw-calls")) && !Files.isExecutable(Path.of("raw-calls"))) {
      tell("raw-calls", "denied"); // Nobody may run it.
      return;
    }
    new ProcessBuilder("./raw-calls").redirectOutput(ProcessBuilder.Redirect.INHERIT).start().waitFor();
  }

  static void fill(long amount) {
    long written = 0;
    byte[] part = new byte[1 << 16];
    for (String directory : List.of(".", "/tmp", "/var/tmp", "/dev/shm", "/run", "/", "/home")) {
      try (OutputStream file = new FileOutputStream(directory + "/fill")) {
        while (written < 8 * amount) {
          file.write(part);
          written += part.length;
        }
      } catch (Exception e) {
        // It is full, or not to be written.
      }
    }
    tell("disk", written);
  }

  static void fork(long amount) {
    linger();
    int count = 0;
    try {
      for (; count < amount; count++) {
        Thread thread = new Thread(() -> {
          try {
            Thread.sleep(60_000);
          } catch (InterruptedException e) {
            // The same end.
          }
        });
        thread.setDaemon(true);
        thread.start();
      }
    } catch (Throwable e) {
      // There are no more.
    }
    tell("processes", count);
    Runtime.getRuntime().halt(0);
  }

  static void hoard(long amount) throws Exception {
    List<byte[]> kept = new ArrayList<>();
    for (long total = 0; total < amount; total += 4 << 20) {
      byte[] block = new byte[4 << 20];
      for (int at = 0; at < block.length; at += 4096) {
        block[at] = 1;
      }
      kept.add(block);
      tell("memory", 4 << 20);
    }
    Thread.sleep(60_000);
  }

  static void linger() {
    try {
      new ProcessBuilder("sh", "-c", "trap '' TERM HUP INT; while :; do :; done; : " + given[6]).start();
    } catch (Exception e) {
      // Nothing can be started, so nothing is left behind.
    }
    tell("daemon", "none");
  }

  static void spin() {
    while (true) {
      Thread.onSpinWait();
    }
  }

  public static void main(String[] args) throws Exception {
    given = args;
    long amount = Long.parseLong(args[7]);
    switch (args[0]) {
      case "probe" -> probe();
      case "fork" -> fork(amount);
      case "hoard" -> hoard(amount);
      default -> spin();
    }
  }
}
