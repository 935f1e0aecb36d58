package dev.waggle.worker.sandbox.process;

import dev.waggle.mesh.swarm.exchange.CodeLimits;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The command lines of a run: a shell outside, which opens files for what follows and adds up the
 * processor time; bubblewrap; and a shell inside, the first process of its namespace, which runs
 * the code, ends what the code left running, and only then packs the files that are asked for.
 *
 * @param prefix what the whole runs under, for example as another user
 * @param nestedUsersOff whether this bubblewrap can forbid more namespaces in its own way, too
 * @param processors of this machine that this process may use; each run gets one of them
 * @param change to the options of bubblewrap; for tests, which see that a weaker cage is refused
 */
record Cage(
    List<String> prefix,
    boolean nestedUsersOff,
    List<Integer> processors,
    UnaryOperator<List<String>> change) {
  /** In the directory of a run: the source, or an archive of it and the files of the task. */
  static final String IN = "in";

  /** The archive of the files that are asked for. */
  static final String OUT = "out";

  /** What bubblewrap complains about; empty when the code was started. */
  static final String TROUBLE = "trouble";

  /** The processor time, as the shell's {@code times} says it. */
  static final String TIMES = "times";

  /** In the directory of all runs: what the kernel asks before each system call. */
  static final String FILTER = "filter";

  /** In the directory of all runs: the classes that a JVM would read and check at each start. */
  static final String CLASSES = "classes.jsa";

  private static final String DIRECTORY = "/work";
  private static final String NICE = "10";
  private static final String USER = "65534";
  private static final int OPEN_FILES_MAX = 256;
  private static final int LOCKED_BYTES_MAX = 64 << 10;

  // The kernel's limit of one process. Well above the limit of all of them, so that code which
  // grows is seen to be at that limit, and ended because of it.
  private static final int DATA_FACTOR = 2;

  // Beyond its time in seconds; for when nobody is there to end it.
  private static final int PROCESSOR_EXTRA = 2;

  /** What of a run the command line depends on. */
  record Run(
      Path directory,
      List<String> command,
      List<String> arguments,
      String sourceFile,
      boolean archiveIn,
      boolean classes,
      List<String> collect,
      CodeLimits limits,
      int number) {}

  /** The whole command line of a run. */
  List<String> command(Run run) {
    List<String> command = new ArrayList<>();
    // A node that is killed cannot end its runs any more.
    command.addAll(List.of("setpriv", "--pdeathsig", "KILL", "sh", "-c", outside(run)));
    command.add(run.directory().toString());
    command.addAll(prefix);
    // Below the node, which watches them, and below what the owner does.
    command.addAll(List.of("nice", "-n", NICE));
    if (!processors.isEmpty()) {
      int processor = processors.get(Math.floorMod(run.number(), processors.size()));
      command.addAll(List.of("taskset", "-c", Integer.toString(processor)));
    }
    command.addAll(change.apply(bubblewrap(run)));
    command.addAll(List.of("sh", "-c", inside(run), run.directory().getFileName().toString()));
    command.addAll(run.command());
    command.addAll(run.arguments());
    return command;
  }

  private static String outside(Run run) {
    String redirections =
        " 3>&2 2>\"$0\"/"
            + TROUBLE
            + " 7<\"$0\"/"
            + IN
            + (run.classes() ? " 6<\"$0\"/../" + CLASSES : "")
            + (run.collect().isEmpty() ? "" : " 8>\"$0\"/" + OUT)
            + " 9<\"$0\"/../"
            + FILTER;
    return "\"$@\"" + redirections + "; code=$?; times >\"$0\"/" + TIMES + "; exit $code";
  }

  private static String inside(Run run) {
    CodeLimits limits = run.limits();
    StringBuilder script = new StringBuilder();
    if (run.archiveIn()) {
      script.append("tar -xf - <&7 || exit\nexec 7<&-\n");
    }
    // What this shell says about the code is not the code's.
    script.append("exec 2>/dev/null\n");
    script.append("prlimit --nproc=").append(limits.processes() + 1);
    script.append(" --data=").append(DATA_FACTOR * limits.memoryBytes());
    script.append(" --fsize=").append(limits.diskBytes());
    script.append(" --cpu=").append(limits.wall().toSeconds() + PROCESSOR_EXTRA);
    script.append(" --nofile=").append(OPEN_FILES_MAX);
    script.append(" --memlock=").append(LOCKED_BYTES_MAX);
    script.append(" --msgqueue=0 --core=0 -- \"$@\" 2>&3 3>&- 8>&-\ncode=$?\n");
    // All processes of the namespace but this one.
    script.append("kill -9 -1\n");
    if (!run.collect().isEmpty()) {
      script.append("tar -c -f - --format=gnu --no-recursion --hard-dereference ");
      script.append("--verbatim-files-from --no-unquote -T - >&8 <<':END:'\n");
      // No file's path has a colon.
      run.collect().forEach(name -> script.append(name).append('\n'));
      script.append(":END:\n");
    }
    return script.append("exit $code\n").toString();
  }

  private List<String> bubblewrap(Run run) {
    String disk = Long.toString(run.limits().diskBytes());
    List<String> command = new ArrayList<>();
    command.add("bwrap");
    command.addAll(List.of("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc"));
    command.addAll(List.of("--unshare-uts", "--unshare-cgroup-try"));
    if (nestedUsersOff) {
      command.add("--disable-userns");
    }
    command.addAll(List.of("--uid", USER, "--gid", USER, "--hostname", "task"));
    command.addAll(List.of("--new-session", "--die-with-parent", "--as-pid-1"));
    command.addAll(List.of("--cap-drop", "ALL", "--clearenv"));
    command.addAll(List.of("--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin"));
    command.addAll(List.of("--setenv", "HOME", DIRECTORY, "--setenv", "LANG", "C.UTF-8"));
    system(command);
    command.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
    command.addAll(List.of("--size", disk, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"));
    command.addAll(List.of("--size", disk, "--tmpfs", DIRECTORY, "--size", disk));
    command.addAll(List.of("--tmpfs", "/tmp"));
    if (!run.archiveIn()) {
      command.addAll(List.of("--file", "7", DIRECTORY + "/" + run.sourceFile()));
    }
    if (run.classes()) {
      command.addAll(List.of("--ro-bind-data", "6", "/" + CLASSES));
    }
    command.addAll(List.of("--remount-ro", "/", "--chdir", DIRECTORY, "--seccomp", "9"));
    return command;
  }

  /** The programs of this machine, and of its settings only what they cannot do without. */
  private static void system(List<String> command) {
    command.addAll(List.of("--ro-bind", "/usr", "/usr"));
    for (String name : List.of("/bin", "/lib", "/lib64", "/lib32", "/sbin")) {
      Path path = Path.of(name);
      if (Files.isSymbolicLink(path)) {
        command.addAll(List.of("--symlink", target(path), name));
      } else if (Files.isDirectory(path)) {
        command.addAll(List.of("--ro-bind", name, name));
      }
    }
    List<String> settings = new ArrayList<>(List.of("/etc/ld.so.cache", "/etc/alternatives"));
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/etc"), "java-*")) {
      all.forEach(each -> settings.add(each.toString())); // Debian's JDKs have theirs there.
    } catch (IOException e) {
      settings.clear();
    }
    settings.forEach(each -> command.addAll(List.of("--ro-bind-try", each, each)));
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "usr" + link;
    }
  }
}
