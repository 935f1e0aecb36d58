package dev.waggle.worker.sandbox.quickjs;

import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import io.roastedroot.quickjs4j.core.JavyPluginModule;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import run.endive.log.Logger;
import run.endive.runtime.Memory;
import run.endive.wasi.WasiPreview1;
import run.endive.wasm.WasmModule;

/**
 * The command line of a child: a JVM with the jars that it needs and no others, in a cage of
 * bubblewrap where this machine has one.
 *
 * @param caged whether it runs in bubblewrap
 * @param archive of the classes that a child loads, where there is one
 * @param image of an interpreter that is ready, where there is one
 */
record ChildCommand(
    CodeLimits ownerLimits, boolean caged, Optional<Path> archive, Optional<Path> image) {
  // What of the heap is not the script's: the interpreter's own objects, and texts on their way.
  private static final long HEAP_EXTRA_BYTES = 64L << 20;
  private static final List<Class<?>> NEEDED =
      List.of(
          QuickJsChild.class,
          CodeFile.class,
          Nullable.class,
          JavyPluginModule.class,
          Memory.class,
          WasmModule.class,
          WasiPreview1.class,
          Logger.class);

  /** The command of a child for a task. */
  List<String> run(QuickJsChild.Mode mode) {
    List<String> command = new ArrayList<>();
    if (caged) {
      command.addAll(cage());
    }
    command.addAll(jvm());
    archive.ifPresent(file -> command.add("-XX:SharedArchiveFile=" + file));
    command.addAll(program(mode));
    return command;
  }

  /** The command of a child that leaves the image, and the archive. */
  List<String> train() {
    List<String> command = new ArrayList<>(jvm());
    archive.ifPresent(file -> command.add("-XX:ArchiveClassesAtExit=" + file));
    command.addAll(program(QuickJsChild.Mode.TRAIN));
    return command;
  }

  /** Whether a JVM can keep the classes that it loads from here: it does from jars only. */
  static boolean archivable() {
    return classPath().stream().allMatch(Files::isRegularFile);
  }

  private List<String> jvm() {
    long heap = ownerLimits.memoryBytes() + 2 * ownerLimits.diskBytes() + HEAP_EXTRA_BYTES;
    return List.of(
        java(),
        "-Xmx" + heap,
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        // The interpreter's main loop is one method, beyond what a JVM compiles by itself; and of
        // its two compilers only the second can. Interpreted, a script takes ten times as long.
        "-XX:-DontCompileHugeMethods",
        // That takes a processor for longer than the whole start: not before a script is at work.
        "-XX:Tier4InvocationThreshold=30000",
        "-XX:Tier4MinInvocationThreshold=5000",
        "-XX:Tier4CompileThreshold=60000",
        "-XX:Tier4BackEdgeThreshold=600000",
        "-XX:-UsePerfData",
        "-Xshare:auto",
        // Standard output is for messages.
        "-Xlog:disable");
  }

  private List<String> program(QuickJsChild.Mode mode) {
    List<String> program = new ArrayList<>();
    program.add("-cp");
    program.add(
        classPath().stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
    program.add(QuickJsChild.class.getName());
    program.add(Long.toString(ownerLimits.memoryBytes()));
    program.add(mode.name());
    image.ifPresent(file -> program.add(file.toString()));
    return program;
  }

  private static String java() {
    return javaHome().resolve("bin").resolve("java").toString();
  }

  private static Path javaHome() {
    return Path.of(System.getProperty("java.home"));
  }

  private static Set<Path> classPath() {
    Set<Path> paths = new LinkedHashSet<>();
    for (Class<?> each : NEEDED) {
      @Nullable CodeSource source = each.getProtectionDomain().getCodeSource();
      if (source == null) {
        throw new IllegalStateException("nobody knows where " + each + " is from");
      }
      try {
        paths.add(Path.of(source.getLocation().toURI()));
      } catch (URISyntaxException e) {
        throw new IllegalStateException("no place: " + source.getLocation(), e);
      }
    }
    return paths;
  }

  private List<String> cage() {
    List<String> cage = new ArrayList<>();
    cage.addAll(List.of("bwrap", "--unshare-all", "--unshare-user", "--uid", "65534"));
    cage.addAll(List.of("--gid", "65534", "--hostname", "task", "--new-session"));
    cage.addAll(List.of("--die-with-parent", "--cap-drop", "ALL", "--clearenv"));
    cage.addAll(List.of("--ro-bind", "/usr", "/usr"));
    for (String name : List.of("/bin", "/lib", "/lib64")) {
      Path path = Path.of(name);
      if (Files.isSymbolicLink(path)) {
        cage.addAll(List.of("--symlink", "usr" + name, name));
      } else if (Files.isDirectory(path)) {
        cage.addAll(List.of("--ro-bind", name, name));
      }
    }
    cage.addAll(List.of("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"));
    Set<Path> bound = new LinkedHashSet<>(List.of(real(javaHome())));
    classPath().forEach(each -> bound.add(each));
    archive.ifPresent(bound::add);
    image.ifPresent(bound::add);
    // Debian's JDKs have their settings there, which links in their homes lead to.
    settings().forEach(each -> bound.add(each));
    for (Path each : bound) {
      cage.addAll(List.of("--ro-bind", each.toString(), each.toString()));
    }
    if (!real(javaHome()).equals(javaHome())) {
      cage.addAll(List.of("--ro-bind", real(javaHome()).toString(), javaHome().toString()));
    }
    cage.addAll(List.of("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"));
    cage.addAll(List.of("--remount-ro", "/", "--chdir", "/", "--"));
    return cage;
  }

  private static List<Path> settings() {
    List<Path> found = new ArrayList<>();
    try (var all = Files.newDirectoryStream(Path.of("/etc"), "java-*")) {
      all.forEach(found::add);
    } catch (IOException e) {
      found.clear(); // A JVM from elsewhere has all in its home.
    }
    return found;
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return path;
    }
  }
}
